/** The selected candidate pair, as far as a person cares. */
export interface Path {
  readonly route: "machine" | "network" | "nat" | "internet" | "relay";
  readonly protocol: "udp" | "tcp" | "tls";
  readonly local: string;
  readonly remote: string;
}

interface Candidate {
  readonly candidateType?: string;
  readonly protocol?: string;
  readonly relayProtocol?: string;
  readonly address?: string;
  readonly port?: number;
}

const isLoopback = (ip: string) => ip.startsWith("127.") || ip === "::1";

// RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6; *.local is how browsers hide a host address.
const isPrivate = (ip: string) =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd][0-9a-f]{2}:|fe80:)/i.test(ip) || ip.endsWith(".local");

const endpoint = ({ address, port }: Candidate) =>
  address ? `${address.includes(":") ? `[${address}]` : address}:${port ?? "?"}` : "hidden";

export function pathOf(local: Candidate, remote: Candidate): Path {
  const relayed = local.candidateType === "relay" || remote.candidateType === "relay";
  const protocol = (relayed ? local.relayProtocol : undefined) ?? local.protocol;
  const [ours, theirs] = [local.address ?? "", remote.address ?? ""];

  return {
    route: relayed
      ? "relay"
      : isLoopback(theirs) || isLoopback(ours) || (ours !== "" && ours === theirs)
        ? "machine"
        : isPrivate(theirs)
          ? "network"
          : local.candidateType === "host" && !isPrivate(ours)
            ? "internet"
            : "nat",
    protocol: protocol === "tcp" || protocol === "tls" ? protocol : "udp",
    local: endpoint(local),
    remote: endpoint(remote),
  };
}

/** The pair that carries the media, from any browser's statistics. */
export function selectedPath(report: RTCStatsReport): Path | undefined {
  // lib.dom's map values are `any`; these are the few members we read.
  const stats: Record<string, unknown>[] = [...report.values()];
  const byId = (id: unknown) => stats.find((s) => s["id"] === id) as Candidate | undefined;

  const transport = stats.find((s) => s["type"] === "transport" && s["selectedCandidatePairId"]);
  const pair = transport
    ? stats.find((s) => s["id"] === transport["selectedCandidatePairId"])
    : stats.find((s) => s["type"] === "candidate-pair" && (s["selected"] === true || (s["nominated"] === true && s["state"] === "succeeded")));

  const local = pair && byId(pair["localCandidateId"]);
  const remote = pair && byId(pair["remoteCandidateId"]);
  return local && remote ? pathOf(local, remote) : undefined;
}
