import type { Vitals } from "./state.ts";

/** The numbers a person may ask for, out of one getStats report. */
export function vitalsOf(report: RTCStatsReport): Vitals {
  const stats: Record<string, unknown>[] = [...report.values()];
  const audio = (type: string) => stats.find((s) => s["type"] === type && s["kind"] === "audio") ?? {};
  const number = (value: unknown) => (typeof value === "number" ? value : undefined);

  const received = audio("inbound-rtp");
  const sent = audio("outbound-rtp");
  const pair = stats.find((s) => s["type"] === "candidate-pair" && s["nominated"] === true && s["state"] === "succeeded") ?? {};
  const codec = stats.find((s) => s["id"] === (received["codecId"] ?? sent["codecId"]));

  const roundTrip = number(pair["currentRoundTripTime"]);
  const jitter = number(received["jitter"]);
  const lost = number(received["packetsLost"]);
  const energy = number(received["totalAudioEnergy"]);
  const mime = codec?.["mimeType"];
  return {
    ...(roundTrip === undefined ? {} : { roundTripMs: roundTrip * 1000 }),
    ...(jitter === undefined ? {} : { jitterMs: jitter * 1000 }),
    ...(lost === undefined ? {} : { lost }),
    ...(typeof mime === "string" ? { codec: mime.replace("audio/", "") } : {}),
    ...(energy === undefined ? {} : { energyIn: energy }),
    bytesIn: number(received["bytesReceived"]) ?? 0,
    bytesOut: number(sent["bytesSent"]) ?? 0,
    packetsIn: number(received["packetsReceived"]) ?? 0,
    packetsOut: number(sent["packetsSent"]) ?? 0,
  };
}
