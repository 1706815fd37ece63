import { LogLevel, PipecatClient } from "@pipecat-ai/client-js";
import { SmallWebRTCTransport } from "@pipecat-ai/small-webrtc-transport";
import { MediaManager } from "../src/media/mediaManager.ts";
import { Microphone } from "../src/media/microphone.ts";

/** What bench/Thaw.Bench `connect` times: the stock client and nothing else. Times are milliseconds since connect(). */
interface DialSurface {
  /** Opens the devices and the connection to the server, which are not measured. */
  prepare(): Promise<void>;
  connect(): Promise<Readonly<Record<Step, number>>>;
  /** As a page of Pipecat's does that knows the one address of /start and nothing else. Not measured. */
  start(): Promise<void>;
  disconnect(): Promise<void>;
}

type Step = "offer" | "sent" | "answered" | "answer" | "applied" | "trickled" | "ice" | "dtls" | "peer" | "channel" | "connected" | "ready" | "botReady";

declare global {
  interface Window {
    dial: DialSurface;
  }
}

const endpoint = "/api/offer";
const microphone = new Microphone(false);
const marks: Partial<Record<Step, number>> = {};
let start = 0;

const mark = (step: Step) => void (marks[step] ??= performance.now() - start);

// Listeners only: the client holds its connection private, and reports one coarse state.
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    this.addEventListener("signalingstatechange", () => {
      if (this.signalingState !== "stable") return;
      mark("applied");
      const dtls = this.sctp?.transport;
      const look = () => dtls?.state === "connected" && mark("dtls");
      dtls?.addEventListener("statechange", look);
      look(); // the connection is another thread's, and can be ahead of this one
    });
    this.addEventListener("iceconnectionstatechange", () => /connected|completed/.test(this.iceConnectionState) && mark("ice"));
    this.addEventListener("connectionstatechange", () => this.connectionState === "connected" && mark("peer"));
  }

  override createDataChannel(label: string, options?: RTCDataChannelInit) {
    const channel = super.createDataChannel(label, options);
    channel.addEventListener("open", () => {
      mark("dtls"); // events of two objects: this one can come first
      mark("channel");
    });
    return channel;
  }
};

const fetchNatively = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const offers = (init?.method ?? (input instanceof Request ? input.method : "GET")) === "POST";
  if (offers) mark("offer");
  const response = await fetchNatively(input, init);
  mark(offers ? "answer" : "trickled");
  return response;
};

const client = new PipecatClient({
  transport: new SmallWebRTCTransport({ mediaManager: new MediaManager(microphone) }),
  enableMic: true,
  enableCam: false,
  callbacks: {
    onTransportStateChanged: (state) => {
      if (state === "connected") mark("connected");
      if (state === "ready") mark("ready");
    },
    onBotReady: () => mark("botReady"),
  },
});
client.setLogLevel(LogLevel.WARN);

window.dial = {
  async prepare() {
    await microphone.open();
    await client.initDevices();
    // Where the server serves the page itself, the browser has a connection to it by now.
    await fetchNatively("/status");
  },

  async connect() {
    start = performance.now();
    await client.connect({ webrtcRequestParams: { endpoint } });

    const request = performance.getEntriesByType("resource").find((e) => e.name.endsWith(endpoint)) as PerformanceResourceTiming;
    return { ...(marks as Record<Step, number>), sent: request.requestStart - start, answered: request.responseEnd - start };
  },

  async start() {
    await client.startBotAndConnect({ endpoint: "/start" });
  },

  disconnect: () => client.disconnect(),
};
