import type { SessionEvent } from "./events.ts";
import { initialState, isActive, waitingSteps } from "./state.ts";
import type { State, Step, StepId, Verdict, VerdictCode } from "./state.ts";

/** Where we give up. Nothing in this page waits longer than this for anything. */
export const limits = {
  microphone: 20_000, // a person reads and answers a permission prompt
  connect: 15_000, // from the microphone being ready to bot-ready
  recover: 30_000, // a broken call: 5 s of grace and one new connection, with room for a second
} as const;

/** When a step counts as late: what it takes on a bad but working network. */
export const budgets: Readonly<Record<StepId, number>> = {
  microphone: 4_000,
  offer: 500,
  answer: 1_000,
  ice: 2_500,
  dtls: 1_500,
  channel: 1_000,
  ready: 1_500,
  audioOut: 1_000,
  audioIn: 4_000,
};

/** Each of these needs the one before it. */
const chain = ["offer", "answer", "ice", "dtls", "channel"] as const;

export function reduce(state: State, event: SessionEvent): State {
  if (event.type === "connect") return isActive(state.phase) ? state : dial(event.attempt, event.at);
  if (event.attempt !== state.attempt || !isActive(state.phase)) return state;

  if ("peer" in event && event.type !== "peer-created" && event.peer !== state.peer) return state;

  const { at } = event;
  switch (event.type) {
    case "hang-up":
      return { ...initialState, attempt: state.attempt };
    case "tick":
      return overdue(state, at) ?? withLateness(state, at);

    case "microphone-opened":
      if (state.phase !== "microphone") return { ...state, microphone: event.label };
      return { ...begun(done(state, "microphone", at), "offer", at), phase: "connecting", dialledAt: at, baseAt: at, microphone: event.label };
    case "microphone-failed":
      return state.phase === "microphone"
        ? failed(state, at, { code: `microphone-${event.fault}`, step: "microphone", detail: event.detail })
        : { ...state, microphoneSilent: true };
    case "microphone-silent":
      return { ...state, microphoneSilent: event.silent };
    case "playback":
      return { ...state, playbackBlocked: event.blocked };

    case "peer-created":
      return withNewPeer(state, event.peer, at);
    case "offer-sent":
      return isPending(state.steps.offer) ? begun(done(state, "offer", at), "answer", at) : state;
    case "offer-failed":
      // Not the end: after all but a 4xx the client tries again, and after that it says so itself.
      return { ...state, offerFault: event.fault, steps: { ...state.steps, answer: { ...state.steps.answer, status: "late" } } };
    case "answer-applied":
      return isPending(state.steps.answer) ? withoutOfferFault(begun(done(state, "answer", at), "ice", at)) : state;

    case "ice-checking":
      return { ...begun(state, "ice", at), iceChecking: true };
    case "ice-connected":
      if (state.phase === "reconnecting" && state.steps.channel.status === "ok") return recovered(state);
      return isDone(state.steps.ice) ? state : begun(doneThrough(state, "ice", at), "dtls", at);
    case "path-selected":
      return { ...state, path: event.path };
    case "dtls-connected":
      if (isDone(state.steps.dtls)) return state;
      return begun(begun(begun(doneThrough(state, "dtls", at), "channel", at), "audioOut", at), "audioIn", at);
    case "ice-interrupted":
      return state.phase === "connected" ? broken(state, at) : state;
    case "peer-failed":
      if (state.phase === "connecting") return failed(state, at, transportVerdict(state));
      return state.phase === "connected" ? broken(state, at) : state;
    case "server-gave-up":
      // After a break it may be about the connection that the next one replaces.
      return state.phase === "connecting" ? failed(state, at, { ...transportVerdict(state), detail: event.detail }) : state;
    case "channel-open": {
      const open = doneThrough(state, "channel", at);
      if (state.phase === "reconnecting") return recovered(open);
      return begun(open, "ready", at);
    }
    case "bot-ready": {
      const ready = done(state, "ready", at);
      const named = event.agent === undefined ? ready : { ...ready, agent: event.agent };
      return state.phase === "connecting" ? { ...named, phase: "connected", readyAt: at } : named;
    }
    case "audio-out":
      return done(state, "audioOut", at);
    case "audio-in":
      return done(state, "audioIn", at);

    case "peer-left":
      if (state.phase === "connecting") return failed(state, at, { code: "peer-left-early", step: pendingStep(state) });
      return { ...quiet(state), phase: "ended" };
    case "agent-error":
      if (!event.fatal) return { ...state, notice: event.detail };
      return failed(state, at, { code: "agent-error", step: state.phase === "connecting" ? pendingStep(state) : "ready", detail: event.detail });
    case "client-failed":
      if (state.phase === "connected" || state.phase === "reconnecting") return failed(state, at, lostVerdict(state, event.detail));
      return failed(state, at, state.offerFault ? offerVerdict(state) : clientVerdict(state, event.detail));

    case "speaking":
      return event.who === "you" ? { ...state, youSpeak: event.on } : { ...state, agentSpeaks: event.on };
    case "vitals":
      return { ...state, vitals: event.vitals };
  }
}

/** The instant at which a tick would change something; the only timer the session needs. */
export function deadlineOf(state: State): number {
  const late = entries(state).map(([id, step]) => (step.status === "active" ? step.from! + budgets[id] : Infinity));
  return Math.min(giveUpAt(state), ...late);
}

/** When this attempt ends by itself if nothing else happens. */
export function giveUpAt(state: State): number {
  switch (state.phase) {
    case "microphone":
      return state.startedAt + limits.microphone;
    case "connecting":
      return state.dialledAt! + limits.connect;
    case "reconnecting":
      return state.brokenAt! + limits.recover;
    default:
      return Infinity;
  }
}

/** What we are waiting for: the first step of the way that is not done. */
export function pendingStep(state: State): StepId {
  if (state.phase === "microphone") return "microphone";
  return chain.find((id) => !isDone(state.steps[id])) ?? (state.phase === "reconnecting" ? "ice" : "ready");
}

function dial(attempt: number, at: number): State {
  return begun({ ...initialState, phase: "microphone", attempt, startedAt: at }, "microphone", at);
}

function overdue(state: State, at: number): State | undefined {
  if (at < giveUpAt(state)) return undefined;
  switch (state.phase) {
    case "microphone":
      return failed(state, at, { code: "microphone-unanswered", step: "microphone" });
    case "connecting":
      return failed(state, at, state.offerFault ? offerVerdict(state) : transportVerdict(state));
    default:
      return failed(state, at, lostVerdict(state));
  }
}

function transportVerdict(state: State): Verdict {
  const step = pendingStep(state);
  const codes: Partial<Record<StepId, VerdictCode>> = {
    offer: "offer-not-made",
    answer: "answer-unusable",
    // Chromium stays in `new` and says nothing at all when the answer holds no usable candidate.
    ice: state.iceChecking ? "ice-failed" : "ice-not-started",
    dtls: "dtls-failed",
    channel: "channel-not-open",
    ready: "no-bot-ready",
  };
  return { code: codes[step] ?? "client-error", step };
}

function offerVerdict(state: State): Verdict {
  const fault = state.offerFault!;
  switch (fault.kind) {
    case "unreachable":
      return { code: "server-unreachable", step: "answer" };
    case "timeout":
      return { code: "server-silent", step: "answer" };
    case "http":
      return { code: fault.status < 500 ? "offer-rejected" : "server-error", step: "answer", status: fault.status, detail: fault.detail };
  }
}

function clientVerdict(state: State, detail: string): Verdict {
  const step = pendingStep(state);
  return { code: step === "answer" ? "answer-unusable" : "client-error", step, detail };
}

function lostVerdict(state: State, detail?: string): Verdict {
  const fault = state.offerFault;
  const said = fault?.kind === "http" ? fault.detail : detail;
  return { code: "connection-lost", step: pendingStep(state), ...(said ? { detail: said } : {}) };
}

/** The client gave up on a connection and made another: its steps begin anew, the overall deadline does not. */
function withNewPeer(state: State, peer: number, at: number): State {
  if (state.phase === "microphone") return state;
  const first = state.tries === 0;
  const { path: _, ...rest } = state;
  const renewed: State = first ? state : { ...rest, iceChecking: false, steps: { ...waitingSteps, microphone: state.steps.microphone, ready: state.steps.ready } };
  const next = { ...begun(renewed, "offer", at), peer, tries: state.tries + 1 };
  if (state.phase === "connecting") return next;
  return { ...(state.phase === "connected" ? broken(next, at) : next), baseAt: state.brokenAt ?? at };
}

const broken = (state: State, at: number): State => ({ ...state, phase: "reconnecting", brokenAt: at, youSpeak: false, agentSpeaks: false });

function recovered(state: State): State {
  const { brokenAt: _, ...rest } = withoutOfferFault(state);
  return { ...rest, phase: "connected", recoveries: state.recoveries + 1 };
}

function failed(state: State, at: number, verdict: Verdict): State {
  const from = state.steps[verdict.step].from ?? at;
  return {
    ...quiet(state),
    phase: "failed",
    verdict,
    steps: { ...quiet(state).steps, [verdict.step]: { status: "failed", from, to: at } },
  };
}

/** Nothing is under way any more. */
function quiet(state: State): State {
  const steps = Object.fromEntries(
    entries(state).map(([id, step]) => [id, isPending(step) ? { status: "waiting" } : step]),
  ) as Record<StepId, Step>;
  return { ...state, steps, youSpeak: false, agentSpeaks: false, microphoneSilent: false, playbackBlocked: false };
}

function withLateness(state: State, at: number): State {
  const late = entries(state).filter(([id, step]) => step.status === "active" && at >= step.from! + budgets[id]);
  if (late.length === 0) return state;
  return { ...state, steps: { ...state.steps, ...Object.fromEntries(late.map(([id, step]) => [id, { ...step, status: "late" }])) } };
}

function withoutOfferFault(state: State): State {
  const { offerFault: _, ...rest } = state;
  return rest;
}

function begun(state: State, id: StepId, at: number): State {
  return state.steps[id].status === "waiting" ? withStep(state, id, { status: "active", from: at }) : state;
}

function done(state: State, id: StepId, at: number): State {
  return isDone(state.steps[id]) ? state : withStep(state, id, { status: "ok", from: state.steps[id].from ?? at, to: at });
}

/** A later step proves the earlier ones, whether or not this browser fired their events. */
function doneThrough(state: State, id: (typeof chain)[number], at: number): State {
  return chain.slice(0, chain.indexOf(id) + 1).reduce((s, earlier) => done(s, earlier, at), state);
}

const withStep = (state: State, id: StepId, step: Step): State => ({ ...state, steps: { ...state.steps, [id]: step } });
const isDone = (step: Step) => step.status === "ok";
const isPending = (step: Step) => step.status === "active" || step.status === "late";
const entries = (state: State) => Object.entries(state.steps) as [StepId, Step][];
