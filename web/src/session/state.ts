import type { Path } from "./path.ts";

export type Phase =
  | "idle"
  | "microphone" // waiting for the person and the device
  | "connecting" // dialling: from the microphone being ready to bot-ready
  | "connected"
  | "reconnecting" // was connected, the path broke, the client is trying again
  | "failed" // explained by `verdict`
  | "ended"; // the server said goodbye

export const stepIds = ["microphone", "offer", "answer", "ice", "dtls", "channel", "ready", "audioOut", "audioIn"] as const;
export type StepId = (typeof stepIds)[number];
export type StepStatus = "waiting" | "active" | "late" | "ok" | "failed";

export interface Step {
  readonly status: StepStatus;
  /** Milliseconds on the page's clock (`performance.now()`). */
  readonly from?: number;
  readonly to?: number;
}

export type MicrophoneFault = "denied" | "dismissed" | "missing" | "busy" | "insecure" | "unsupported" | "unknown";

/** Why an offer request came to nothing; the stock client retries all but a 4xx. */
export type OfferFault =
  | { readonly kind: "unreachable" }
  | { readonly kind: "timeout" }
  | { readonly kind: "http"; readonly status: number; readonly detail: string };

export type VerdictCode =
  | `microphone-${MicrophoneFault}`
  | "microphone-unanswered"
  | "server-unreachable"
  | "server-silent"
  | "offer-rejected"
  | "server-error"
  | "answer-unusable"
  | "offer-not-made"
  | "ice-failed"
  | "ice-not-started"
  | "dtls-failed"
  | "channel-not-open"
  | "no-bot-ready"
  | "client-error"
  | "agent-error"
  | "peer-left-early"
  | "connection-lost";

/** What failed, where, and the words that came with it. `words/en.ts` turns it into sentences. */
export interface Verdict {
  readonly code: VerdictCode;
  readonly step: StepId;
  readonly status?: number;
  readonly detail?: string;
}

/** Once a second while connected, from getStats. */
export interface Vitals {
  readonly roundTripMs?: number;
  readonly jitterMs?: number;
  readonly lost?: number;
  readonly codec?: string;
  /** The browser's own sum of the received sound's energy, where the page cannot listen itself. */
  readonly energyIn?: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
}

export interface State {
  readonly phase: Phase;
  /** Generation token: an event of any other attempt is ignored, whatever it says. */
  readonly attempt: number;
  /** The newest RTCPeerConnection of this attempt; events of older ones are ignored. */
  readonly peer: number;
  /** How many peer connections this attempt has used so far. */
  readonly tries: number;
  readonly startedAt: number;
  readonly dialledAt?: number;
  readonly readyAt?: number;
  /** From where the steps' times are told: dialling, or the break that a reconnect mends. */
  readonly baseAt: number;
  readonly brokenAt?: number;
  readonly recoveries: number;
  readonly steps: Readonly<Record<StepId, Step>>;
  readonly iceChecking: boolean;
  readonly microphone?: string;
  readonly offerFault?: OfferFault;
  readonly path?: Path;
  readonly agent?: string;
  readonly verdict?: Verdict;
  readonly youSpeak: boolean;
  readonly agentSpeaks: boolean;
  readonly microphoneSilent: boolean;
  readonly playbackBlocked: boolean;
  /** A non-fatal error message of the agent, shown until the next one. */
  readonly notice?: string;
  readonly vitals?: Vitals;
}

export const waitingSteps = Object.fromEntries(stepIds.map((id) => [id, { status: "waiting" }])) as Record<StepId, Step>;

export const initialState: State = {
  phase: "idle",
  attempt: 0,
  peer: 0,
  tries: 0,
  startedAt: 0,
  baseAt: 0,
  recoveries: 0,
  steps: waitingSteps,
  iceChecking: false,
  youSpeak: false,
  agentSpeaks: false,
  microphoneSilent: false,
  playbackBlocked: false,
};

export const isActive = (phase: Phase) =>
  phase === "microphone" || phase === "connecting" || phase === "connected" || phase === "reconnecting";
