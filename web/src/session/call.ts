import { LogLevel, PipecatClient, TransportStartError } from "@pipecat-ai/client-js";
import type { RTVIMessage } from "@pipecat-ai/client-js";
import { SmallWebRTCTransport } from "@pipecat-ai/small-webrtc-transport";
import type { Levels } from "../media/levels.ts";
import { MediaManager } from "../media/mediaManager.ts";
import { MicrophoneError } from "../media/microphone.ts";
import type { Microphone } from "../media/microphone.ts";
import type { Speaker } from "../media/speaker.ts";
import { record } from "../recorder.ts";
import type { CandidateNote, Recording } from "../recorder.ts";
import { watchRequests } from "../requests.ts";
import { renewedServers, start } from "../start.ts";
import type { Start } from "../start.ts";
import { finalVerdict } from "../verdict.ts";
import type { Happening } from "./events.ts";
import { vitalsOf } from "./vitals.ts";

const requestLimit = 5_000;
const silentBelow = 1e-4; // -80 dBFS: a muted or dead device; a quiet room is 20 dB above
const silentFor = 5_000;

// Cancelled at the wrong moment, the client rejects a promise that nobody holds.
addEventListener("unhandledrejection", (e) => e.reason instanceof TransportStartError && e.preventDefault());

export interface Devices {
  readonly microphone: Microphone;
  readonly speaker: Speaker;
  readonly levels: Levels;
}

export interface CallListener {
  happened(happening: Happening): void;
  message(direction: "in" | "out", data: unknown): void;
  candidate(note: CandidateNote): void;
}

/**
 * One attempt, from the click to the end, and everything in it that touches the world. A client is never used twice: after
 * a disconnect at the wrong moment the stock one can come up again by itself, with no connection.
 */
export class Call {
  readonly #devices: Devices;
  readonly #listener: CallListener;
  readonly #patient: boolean;
  readonly #ending = new AbortController();
  readonly #ready = new AbortController();
  #asking: AbortController | undefined;
  #peer = 0;
  #client: PipecatClient | undefined;
  #recording: Recording | undefined;
  #unwatch: (() => void) | undefined;
  #connected = false;
  #vitals: ReturnType<typeof setInterval> | undefined;

  /** `patient`: the server is not asked how it goes. */
  constructor(devices: Devices, listener: CallListener, patient: boolean) {
    this.#devices = devices;
    this.#listener = listener;
    this.#patient = patient;
  }

  get client() {
    return this.#client;
  }

  get peer() {
    return this.#recording?.peer;
  }

  get channel() {
    return this.#recording?.channel;
  }

  async start(deviceId: string | undefined) {
    const started = start(this.#ending.signal);
    if (!(await this.#openMicrophone(deviceId))) return;
    await this.#dial(await started);
  }

  /** Ends whatever is under way. The state has already said so; this catches up with it. */
  async end() {
    if (this.#ending.signal.aborted) return;
    const left = this.#client?.disconnect().catch(() => undefined);
    this.#ending.abort();
    clearInterval(this.#vitals);
    this.#devices.speaker.stop();
    this.#devices.microphone.close();
    this.#recording?.stop();
    this.#unwatch?.();
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    this.#recording?.close();
  }

  /** Another microphone, without a new connection. */
  async useMicrophone(deviceId: string | undefined) {
    if (!(await this.#openMicrophone(deviceId))) return;
    const track = this.#devices.microphone.lease();
    await this.#recording?.peer?.getTransceivers()[0]?.sender.replaceTrack(track ?? null);
  }

  async #openMicrophone(deviceId: string | undefined): Promise<boolean> {
    const { microphone, levels } = this.#devices;
    try {
      const track = await microphone.open(deviceId);
      if (this.#over) return false;
      levels.tap("you", microphone.stream!);
      this.#watchSilence();
      microphone.onLost = () => void this.useMicrophone(undefined);
      this.#happened({ type: "microphone-opened", label: track.label });
      return true;
    } catch (e) {
      const { fault, message } = e instanceof MicrophoneError ? e : new MicrophoneError("unknown", String(e));
      this.#happened({ type: "microphone-failed", fault, detail: message });
      return false;
    }
  }

  async #dial({ endpoint, iceServers }: Start) {
    if (this.#over) return;
    const { microphone, levels, speaker } = this.#devices;
    speaker.onBlocked = (blocked) => this.#happened({ type: "playback", blocked });

    this.#unwatch = watchRequests(endpoint, this.#ending.signal, {
      offerSent: () => this.#happened({ type: "offer-sent" }),
      offerFailed: (fault) => this.#happened({ type: "offer-failed", fault }),
      answered: (pcId) => void this.#awaitVerdict(pcId, this.#peer),
    });
    this.#recording = record({
      happened: (happening) => {
        // The transport reads the track right after it makes a connection, and stops it when it closes that connection.
        if (happening.type === "peer-created") {
          microphone.renewLease();
          this.#peer = happening.peer;
        }
        this.#happened(happening);
      },
      remoteAudio: (stream) => {
        speaker.play(stream);
        levels.tap("agent", stream);
      },
      message: (direction, data) => this.#listener.message(direction, data),
      candidate: (note) => this.#listener.candidate(note),
    });

    const transport = new SmallWebRTCTransport({ mediaManager: new MediaManager(microphone) });
    this.#client = this.#newClient(transport);
    try {
      await this.#client.initDevices();
      if (this.#over) return;
      await this.#client.connect({ webrtcRequestParams: { endpoint, timeout: requestLimit }, iceConfig: { iceServers } });
      this.#connected = true;
      this.#watchVitals();
    } catch (e) {
      this.#happened({ type: "client-failed", detail: e instanceof Error ? e.message : String(e) });
    }
  }

  #newClient(transport: SmallWebRTCTransport) {
    const client = new PipecatClient({
      transport,
      enableMic: true,
      enableCam: false,
      // On peerLeft we end the call ourselves, and say why.
      disconnectOnBotDisconnect: false,
      callbacks: {
        onBotReady: ({ about }) => {
          this.#ready.abort();
          this.#happened({ type: "bot-ready", ...named(about) });
        },
        onBotDisconnected: () => this.#happened({ type: "peer-left" }),
        // Before that, connect() rejects and says more.
        onDisconnected: () => this.#connected && this.#happened({ type: "client-failed", detail: "" }),
        onServerMessage: (message: unknown) => (transport.iceServers = renewedServers(message) ?? transport.iceServers),
        onError: (message) => this.#agentError(message),
        onMessageError: (message) => this.#agentError(message),
        onUserStartedSpeaking: () => this.#happened({ type: "speaking", who: "you", on: true }),
        onUserStoppedSpeaking: () => this.#happened({ type: "speaking", who: "you", on: false }),
        onBotStartedSpeaking: () => this.#happened({ type: "speaking", who: "agent", on: true }),
        onBotStoppedSpeaking: () => this.#happened({ type: "speaking", who: "agent", on: false }),
      },
    });
    client.setLogLevel(LogLevel.WARN);
    return client;
  }

  /** Until the call is up, or another answer has come. */
  async #awaitVerdict(pcId: string, peer: number) {
    if (this.#patient) return;
    this.#asking?.abort();
    this.#asking = new AbortController();
    const detail = await finalVerdict(pcId, AbortSignal.any([this.#ending.signal, this.#ready.signal, this.#asking.signal]));
    if (detail !== undefined) this.#happened({ type: "server-gave-up", peer, detail });
  }

  #agentError({ data }: RTVIMessage) {
    const { error, message, fatal } = (data ?? {}) as { error?: unknown; message?: unknown; fatal?: unknown };
    this.#happened({ type: "agent-error", detail: String(error ?? message ?? ""), fatal: fatal === true });
  }

  #watchSilence() {
    let silentSince: number | undefined;
    let said = false;
    this.#devices.levels.onSample = ({ rms }) => {
      const now = performance.now();
      const { levels, microphone } = this.#devices;
      silentSince = rms < silentBelow && levels.measuring && microphone.enabled ? (silentSince ?? now) : undefined;
      const silent = silentSince !== undefined && now - silentSince >= silentFor;
      if (silent !== said) this.#happened({ type: "microphone-silent", silent: (said = silent) });
    };
  }

  #watchVitals() {
    clearInterval(this.#vitals);
    this.#vitals = setInterval(async () => {
      const report = await this.#recording?.peer?.getStats().catch(() => undefined);
      if (report) this.#happened({ type: "vitals", vitals: vitalsOf(report) });
    }, 1_000);
  }

  get #over() {
    return this.#ending.signal.aborted;
  }

  #happened(happening: Happening) {
    if (!this.#over) this.#listener.happened(happening);
  }
}

/** `about` is the agent's to fill; ours says `{"agent":"echo"}`. */
function named(about: unknown): { agent?: string } {
  const { agent, name } = (about ?? {}) as { agent?: unknown; name?: unknown };
  const given = agent ?? name;
  return typeof given === "string" && given !== "" ? { agent: given } : {};
}
