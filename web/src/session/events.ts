import type { Path } from "./path.ts";
import type { MicrophoneFault, OfferFault, Vitals } from "./state.ts";

/** What happened, without when and to whom. */
export type Happening =
  | { readonly type: "connect" }
  | { readonly type: "hang-up" }
  | { readonly type: "tick" }
  | { readonly type: "microphone-opened"; readonly label: string }
  | { readonly type: "microphone-failed"; readonly fault: MicrophoneFault; readonly detail: string }
  | { readonly type: "microphone-silent"; readonly silent: boolean }
  | { readonly type: "playback"; readonly blocked: boolean }
  | { readonly type: "offer-sent" }
  | { readonly type: "offer-failed"; readonly fault: OfferFault }
  | PeerHappening
  | { readonly type: "bot-ready"; readonly agent?: string }
  | { readonly type: "peer-left" }
  | { readonly type: "agent-error"; readonly detail: string; readonly fatal: boolean }
  | { readonly type: "client-failed"; readonly detail: string }
  | { readonly type: "speaking"; readonly who: "you" | "agent"; readonly on: boolean }
  | { readonly type: "vitals"; readonly vitals: Vitals };

/** Seen on one RTCPeerConnection; `peer` counts them, so that a late word of an old one is recognised. */
export type PeerHappening = { readonly peer: number } & (
  | { readonly type: "peer-created" }
  | { readonly type: "answer-applied" }
  | { readonly type: "ice-checking" }
  | { readonly type: "ice-connected" }
  | { readonly type: "ice-interrupted" }
  | { readonly type: "path-selected"; readonly path: Path }
  | { readonly type: "dtls-connected" }
  | { readonly type: "peer-failed" }
  | { readonly type: "server-gave-up"; readonly detail: string }
  | { readonly type: "channel-open" }
  | { readonly type: "audio-out" }
  | { readonly type: "audio-in" }
);

export type SessionEvent = Happening & { readonly attempt: number; readonly at: number };
