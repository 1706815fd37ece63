import type { Heard } from "./media/levels.ts";
import type { CandidateNote } from "./recorder.ts";
import type { Message, Session } from "./session/session.ts";
import { isActive, stepIds } from "./session/state.ts";
import type { Phase, StepId, StepStatus, Verdict, Vitals } from "./session/state.ts";
import type { Path } from "./session/path.ts";
import { explain, headline, quoted } from "./words/en.ts";

export interface TimelineEntry {
  readonly step: StepId;
  readonly status: StepStatus;
  /** Milliseconds since dialling; for the microphone, since Connect was pressed. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface Stats {
  readonly attempt: number;
  readonly tries: number;
  readonly recoveries: number;
  readonly readyMs: number | null;
  readonly path: Path | null;
  readonly vitals: Vitals | null;
  /** `measuring` is false while the browser holds the audio clock back; the levels are zero then. */
  readonly audio: { readonly measuring: boolean; readonly you: Heard; readonly agent: Heard };
  readonly youSpeak: boolean;
  readonly agentSpeaks: boolean;
  readonly messages: number;
  readonly microphone: string | null;
  readonly microphoneTrack: MediaStreamTrackState | null;
  readonly senderTrack: MediaStreamTrackState | null;
}

/** `window.thaw`: what tests and curious people use; web/README.md describes it. */
export interface ThawSurface {
  readonly state: Phase;
  readonly verdict: (Verdict & { readonly title: string; readonly quoted: string }) | null;
  readonly headline: string;
  timeline(): TimelineEntry[];
  stats(): Stats;
  messages(): readonly Message[];
  candidates(): readonly CandidateNote[];
  connect(): Promise<Stats>;
  disconnect(): Promise<void>;
  send(text: string): void;
  request(type: string, data?: unknown, timeoutMs?: number): Promise<unknown>;
  mute(on: boolean): void;
  peer(): RTCPeerConnection | null;
  channel(): RTCDataChannel | null;
}

declare global {
  interface Window {
    thaw: ThawSurface;
  }
}

export function exposeTestSurface(session: Session) {
  const surface: ThawSurface = {
    get state() {
      return session.state().phase;
    },
    get verdict() {
      const { verdict } = session.state();
      return verdict ? { ...verdict, title: explain(verdict).title, quoted: quoted(verdict) } : null;
    },
    get headline() {
      return headline(session.state());
    },
    timeline: () => timelineOf(session),
    stats: () => statsOf(session),
    messages: () => session.messages,
    candidates: () => session.candidates,
    connect: async () => {
      session.connect();
      await until(session, (phase) => phase === "connected" || !isActive(phase));
      if (surface.state === "connected") return surface.stats();
      throw new Error([surface.headline, surface.verdict?.quoted].filter(Boolean).join(": "));
    },
    disconnect: async () => {
      session.disconnect();
      await until(session, (phase) => !isActive(phase));
    },
    send: (text) => session.sendText(text),
    request: async (type, data = null, timeoutMs = 5_000) => {
      const client = session.call?.client;
      if (!client) throw new Error("not connected");
      return client.sendClientRequest(type, data, timeoutMs);
    },
    mute: (on) => session.enableMicrophone(!on),
    peer: () => session.call?.peer ?? null,
    channel: () => session.call?.channel ?? null,
  };
  window.thaw = surface;
}

function timelineOf(session: Session): TimelineEntry[] {
  const { steps, startedAt, baseAt } = session.state();
  return stepIds.map((step) => {
    const { status, from, to } = steps[step];
    const base = step === "microphone" ? startedAt : baseAt;
    return { step, status, from: from === undefined ? null : from - base, to: to === undefined ? null : to - base };
  });
}

function statsOf(session: Session): Stats {
  const state = session.state();
  return {
    attempt: state.attempt,
    tries: state.tries,
    recoveries: state.recoveries,
    readyMs: state.readyAt === undefined ? null : state.readyAt - state.dialledAt!,
    path: state.path ?? null,
    vitals: state.vitals ?? null,
    audio: { measuring: session.levels.measuring, you: session.levels.heard("you"), agent: session.levels.heard("agent") },
    youSpeak: state.youSpeak,
    agentSpeaks: state.agentSpeaks,
    messages: session.messagesSeen,
    microphone: state.microphone ?? null,
    microphoneTrack: session.microphone.track?.readyState ?? null,
    senderTrack: session.call?.peer?.getSenders()[0]?.track?.readyState ?? null,
  };
}

function until(session: Session, reached: (phase: Phase) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!reached(session.state().phase)) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = session.subscribe(check);
    check();
  });
}
