import type { Path } from "../session/path.ts";
import type { State, StepId, StepStatus, Verdict, VerdictCode } from "../session/state.ts";

/** Everything the page says, in one place; another language is another file of this shape. */

export interface Explanation {
  readonly title: string;
  readonly why: string;
  readonly todo: readonly string[];
}

export const page = {
  tagline: "Voice that never hangs on “Connecting”",
  call: "Call",
  voiceActivity: "Voice activity",
  connect: "Connect",
  disconnect: "Disconnect",
  cancel: "Cancel",
  again: "Try again",
  mute: "Mute",
  unmute: "Unmute",
  microphone: "Microphone",
  defaultMicrophone: "System default",
  agent: "Agent",
  levels: "Sound",
  yourLevel: "Microphone in",
  agentLevel: "Agent out",
  traceLabel: "Sound of the last ten seconds: you above the line, the agent below",
  tenSeconds: "10 s ago",
  now: "now",
  steps: "Steps",
  stepsUnit: "since dialling",
  path: "Path",
  roundTrip: "Round trip",
  jitter: "Jitter",
  lost: "Lost",
  codec: "Codec",
  none: "–",
  messages: "Messages",
  noMessages: "What the agent sends appears here.",
  messageLabel: "Text to the agent",
  send: "Send",
  clickToHear: "Click to hear the agent",
  clickToHearWhy: "The browser holds the sound back until you click.",
  youSpeak: "You are speaking",
  youAreQuiet: "You are quiet",
  microphoneSilent: "No sound at all from this microphone. Is it muted, or is another one meant?",
  details: "What was said",
  todo: "What to do",
  offline: "This page loads nothing from other servers.",
  licences: "Licences",
  sent: "sent",
  received: "received",
} as const;

export const agentName = (state: State) =>
  state.agent ? state.agent.charAt(0).toUpperCase() + state.agent.slice(1) : "The agent";

export const agentSpeaks = (state: State) => `${agentName(state)} is ${state.agentSpeaks ? "speaking" : "quiet"}`;

export const stepNames: Readonly<Record<StepId, string>> = {
  microphone: "Microphone",
  offer: "Offer sent",
  answer: "Answer received",
  ice: "Path found (ICE)",
  dtls: "Encryption agreed (DTLS)",
  channel: "Data channel open",
  ready: "Agent ready",
  audioOut: "First sound out",
  audioIn: "First sound in",
};

export const statusNames: Readonly<Record<StepStatus, string>> = {
  waiting: "not yet",
  active: "under way",
  late: "late",
  ok: "done",
  failed: "failed",
};

/** The headline: one line that is always true. */
export function headline(state: State): string {
  switch (state.phase) {
    case "idle":
      return "Ready to call";
    case "microphone":
      return "Opening the microphone";
    case "connecting":
      return "Connecting";
    case "connected":
      return state.recoveries > 0 ? "Connected again" : `Connected in ${milliseconds(state.readyAt! - state.dialledAt!)}`;
    case "reconnecting":
      return "The path broke; reconnecting";
    case "failed":
      return explain(state.verdict!).title;
    case "ended":
      return "The server ended the call";
  }
}

/** What we are waiting for now, in words. */
export function waitingFor(state: State, step: StepId): string {
  const fault = state.offerFault;
  if (fault && step === "answer") {
    switch (fault.kind) {
      case "unreachable":
        return "The server cannot be reached. Trying again.";
      case "timeout":
        return "The server took the offer and has not answered. Trying again.";
      case "http":
        return `The server answered ${fault.status}: ${fault.detail}. Trying again.`;
    }
  }
  switch (step) {
    case "microphone":
      return "Your browser may be asking for permission to use the microphone. Please allow it.";
    case "offer":
      return "The browser is preparing its offer.";
    case "answer":
      return "The server is preparing its answer.";
    case "ice":
      if (state.steps.ice.status === "ok") return "Nothing comes through. Waiting for the path to return; after 5 seconds a new one is tried.";
      return "Both sides are trying the network paths between them.";
    case "dtls":
      return "A path works; both sides are agreeing on keys.";
    case "channel":
      return "Encrypted; the data channel is opening.";
    case "ready":
      return "Everything is up; the agent has not said that it is ready.";
    default:
      return "";
  }
}

export function idleHint(state: State): string {
  switch (state.phase) {
    case "idle":
      return "Press Connect and speak. You will hear what the agent sends back.";
    case "ended":
      return "It said goodbye. Press Connect to call again.";
    case "connected":
      return state.path ? describePath(state.path) : "";
    default:
      return "";
  }
}

/** A step that lingers although the call stands. */
export function lateNote(step: StepId): string {
  switch (step) {
    case "audioOut":
      return "no sound is leaving the browser";
    case "audioIn":
      return "the agent has not sent sound yet";
    default:
      return "late";
  }
}

export function describePath({ route, protocol }: Path): string {
  const over = protocol.toUpperCase();
  switch (route) {
    case "machine":
      return `Direct over ${over}, on this machine`;
    case "network":
      return `Direct over ${over}, same network`;
    case "nat":
      return `Direct over ${over}, through a router`;
    case "internet":
      return `Direct over ${over}`;
    case "relay":
      return `Through a relay over ${over}`;
  }
}

const checkServer = "Check that the server is running: its terminal shows the address to open.";
const seeServerLog = "Look at the server's output around this moment; it names the call and the reason.";
const giveLog = "If it stays, send the steps on this page to whoever runs the server.";

const explanations: Readonly<Record<VerdictCode, Explanation>> = {
  "microphone-denied": {
    title: "The microphone is blocked",
    why: "The browser or the system does not let this page use the microphone.",
    todo: [
      "Click the icon left of the address, set Microphone to Allow, then try again.",
      "If it is allowed there, look at the system's privacy settings for microphone access of this browser.",
    ],
  },
  "microphone-dismissed": {
    title: "The permission question was closed",
    why: "The browser asked for the microphone and got no answer.",
    todo: ["Press Try again and choose Allow."],
  },
  "microphone-missing": {
    title: "No microphone was found",
    why: "The computer has no microphone, or the chosen one was unplugged.",
    todo: ["Plug one in, or choose another in the list, then try again."],
  },
  "microphone-busy": {
    title: "The microphone does not start",
    why: "Another program holds it, or the system refused to open it.",
    todo: ["Close other programs that use the microphone, or choose another in the list.", "Unplug it, plug it in again, and try again."],
  },
  "microphone-insecure": {
    title: "This address cannot use the microphone",
    why: "Browsers give the microphone only to secure pages: https, or http on localhost.",
    todo: ["On the server's own machine, open http://localhost with the same port.", "From another machine, put the server behind https."],
  },
  "microphone-unsupported": {
    title: "This browser cannot record sound",
    why: "It does not offer getUserMedia, which every current browser has.",
    todo: ["Open the page in a current Chrome, Edge, Firefox or Safari, and not inside another app."],
  },
  "microphone-unknown": {
    title: "The microphone failed",
    why: "The browser gave an error that this page does not know.",
    todo: ["Choose another microphone in the list and try again.", "Restart the browser if it stays."],
  },
  "microphone-unanswered": {
    title: "The permission question is still open",
    why: "The browser has waited 20 seconds for an answer about the microphone.",
    todo: ["Press Try again and answer the browser's question.", "No question to see? Click the icon left of the address."],
  },
  "server-unreachable": {
    title: "The server cannot be reached",
    why: "The request with the offer got no answer at all: nothing listens there, or the network is down.",
    todo: [checkServer, "Check this machine's network connection, a VPN, or a proxy in between."],
  },
  "server-silent": {
    title: "The server does not answer",
    why: "It accepted the request with the offer and then said nothing for 5 seconds, more than once.",
    todo: ["Restart the server; it may be stuck or overloaded.", seeServerLog],
  },
  "offer-rejected": {
    title: "The server refused the call",
    why: "It understood the offer and said no. Trying again without a change will not help.",
    todo: ["Read what it said; it names the reason.", seeServerLog],
  },
  "server-error": {
    title: "The server has an error",
    why: "It answered every offer with an error.",
    todo: [seeServerLog, "Behind a proxy, check that the proxy reaches the server."],
  },
  "answer-unusable": {
    title: "The server's answer was not usable",
    why: "The browser could not apply the answer to its offer.",
    todo: ["Check that the address is really a Thaw or Pipecat server.", seeServerLog],
  },
  "offer-not-made": {
    title: "The browser could not make an offer",
    why: "It did not finish preparing its side of the connection.",
    todo: ["Reload the page.", "Check that no extension or policy switches WebRTC off in this browser."],
  },
  "ice-not-started": {
    title: "The server gave no address to try",
    why: "Its answer holds no address that this browser can use, so it never began to look for a path.",
    todo: ["Check the server's network interfaces and its address options.", giveLog],
  },
  "ice-failed": {
    title: "No network path to the server",
    why: "The web page gets through, but no UDP packet does: something between here and there drops them.",
    todo: [
      "Check the firewall on the server: its UDP port, shown when it starts, must be open.",
      "Leave a VPN or a guest network, which often block UDP.",
      "In a container or cloud, check that the UDP port is published and the server knows its outer address.",
    ],
  },
  "dtls-failed": {
    title: "Encryption could not be agreed",
    why: "A path works, but the handshake over it did not finish.",
    todo: ["Check for a firewall or VPN that drops larger UDP packets (try a smaller MTU).", seeServerLog],
  },
  "channel-not-open": {
    title: "The data channel did not open",
    why: "The connection is encrypted and up, but the server did not open the channel for messages.",
    todo: ["Check that the server supports data channels (SCTP).", seeServerLog],
  },
  "no-bot-ready": {
    title: "The agent did not get ready",
    why: "The connection is complete, but the agent never said that it is ready.",
    todo: ["The agent may have stopped while starting: look at the server's output.", giveLog],
  },
  "client-error": {
    title: "The client gave up",
    why: "The Pipecat client in this page stopped with an error.",
    todo: ["Try again; reload the page if it stays.", giveLog],
  },
  "agent-error": {
    title: "The agent reported an error",
    why: "The agent ended the call with an error.",
    todo: ["Read what it said; it usually names the cause.", seeServerLog],
  },
  "peer-left-early": {
    title: "The server hung up while connecting",
    why: "It said goodbye before the agent was ready.",
    todo: ["Try again; the server may just be restarting.", seeServerLog],
  },
  "connection-lost": {
    title: "The connection was lost",
    why: "The path broke in mid-call and could not be built again.",
    todo: ["Check this machine's network connection.", checkServer, "Press Try again for a new call."],
  },
};

/** What happened, why, and what to do. */
export const explain = (verdict: Verdict): Explanation => explanations[verdict.code];

/** The other side's own words, if there are any. */
export function quoted({ status, detail }: Verdict): string {
  return [status === undefined ? "" : `HTTP ${status}`, detail ?? ""].filter((part) => part !== "").join(": ");
}

export function triesNote(tries: number): string {
  return tries > 1 ? `connection ${tries}` : "";
}

export function givingUpIn(seconds: number): string {
  return `Giving up in ${seconds} s`;
}

/** Short, for the ends of a scale. */
export function scaleMark(ms: number): string {
  return ms === 0 ? "0" : ms < 1_000 ? `${ms}\u00a0ms` : `${ms / 1_000}\u00a0s`;
}

export function milliseconds(ms: number): string {
  const [value, unit] = ms >= 10_000 ? [(ms / 1000).toFixed(1), "s"] : [Math.round(ms).toLocaleString("en"), "ms"];
  return `${value}\u00a0${unit}`;
}
