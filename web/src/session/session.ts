import { Levels } from "../media/levels.ts";
import { listMicrophones, Microphone } from "../media/microphone.ts";
import { Speaker } from "../media/speaker.ts";
import type { CandidateNote } from "../recorder.ts";
import type { Call, CallListener } from "./call.ts";
import type { Happening } from "./events.ts";
import { deadlineOf, reduce } from "./reducer.ts";
import { initialState, isActive } from "./state.ts";
import type { State } from "./state.ts";

export interface Message {
  readonly at: number;
  readonly direction: "in" | "out";
  readonly data: unknown;
}

const messagesKept = 500;

// Most of the page's code is the client; the page is painted while it loads.
const loading = import("./call.ts");
loading.catch(() => undefined);

/** The one owner of the state: takes happenings in, follows the state's changes with effects, keeps its one timer. */
export class Session {
  readonly levels = new Levels();
  readonly speaker = new Speaker();
  readonly microphone: Microphone;
  readonly messages: Message[] = [];
  readonly candidates: CandidateNote[] = [];
  messagesSeen = 0;

  #state: State = initialState;
  #attempts = 0;
  #call: Call | undefined;
  #deviceId: string | undefined;
  #devices: readonly MediaDeviceInfo[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #watchers = new Set<() => void>();

  readonly #patient: boolean;

  /**
   * `raw` is the microphone's. `patient`: this page gives nothing up by itself, so that what ends an attempt is the stock
   * client or the server; for tests of those.
   */
  constructor({ raw = false, patient = false }: { raw?: boolean; patient?: boolean }) {
    this.#patient = patient;
    this.microphone = new Microphone(raw);
    const refresh = () => void this.#refreshDevices();
    (navigator.mediaDevices as MediaDevices | undefined)?.addEventListener("devicechange", refresh);
    // The client says nothing on leaving; closing the connection tells the server now instead of by a timeout.
    addEventListener("pagehide", () => this.disconnect());
    refresh();
  }

  readonly subscribe = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };

  readonly state = () => this.#state;
  readonly devices = () => this.#devices;
  readonly deviceId = () => this.#deviceId;
  readonly microphoneOn = () => this.microphone.enabled;

  get call() {
    return this.#call;
  }

  connect() {
    if (isActive(this.#state.phase)) return;
    const attempt = ++this.#attempts;
    this.messages.length = this.candidates.length = this.messagesSeen = 0;
    this.#dispatch(attempt, { type: "connect" });
    this.levels.start();
    void this.#start(attempt);
  }

  disconnect() {
    this.#dispatch(this.#attempts, { type: "hang-up" });
  }

  sendText(text: string) {
    void this.#call?.client?.sendText(text).catch(() => undefined);
  }

  useMicrophone(deviceId: string) {
    this.#deviceId = deviceId || undefined;
    if (isActive(this.#state.phase)) void this.#call?.useMicrophone(this.#deviceId);
    this.#notify();
  }

  enableMicrophone(on: boolean) {
    this.microphone.enable(on);
    if (this.#call?.channel?.readyState === "open") this.#call.client?.enableMic(on);
    this.#notify();
  }

  async #start(attempt: number) {
    const client = await loading.catch((e: unknown) => void this.#dispatch(attempt, { type: "client-failed", detail: String(e) }));
    if (!client || attempt !== this.#attempts || !isActive(this.#state.phase)) return;
    const listener: CallListener = {
      happened: (happening) => this.#dispatch(attempt, happening),
      message: (direction, data) => this.#note({ at: performance.now(), direction, data }),
      candidate: (note) => this.candidates.push(note),
    };
    this.#call = new client.Call(this, listener, this.#patient);
    await this.#call.start(this.#deviceId);
  }

  #dispatch(attempt: number, happening: Happening) {
    if (this.#patient && (happening.type === "tick" || happening.type === "peer-failed")) return;
    const before = this.#state;
    this.#state = reduce(before, { ...happening, attempt, at: performance.now() });
    if (this.#state === before) return;

    if (isActive(before.phase) && !isActive(this.#state.phase)) this.#end();
    if (happening.type === "microphone-opened") void this.#refreshDevices();
    this.#schedule(attempt);
    this.#notify();
  }

  #end() {
    this.levels.stop();
    void this.#call?.end();
  }

  #schedule(attempt: number) {
    clearTimeout(this.#timer);
    const deadline = deadlineOf(this.#state);
    if (deadline === Infinity) return;
    this.#timer = setTimeout(() => this.#dispatch(attempt, { type: "tick" }), Math.max(0, deadline - performance.now()) + 1);
  }

  #note(message: Message) {
    if (typeof message.data === "string" && message.data.startsWith("ping: ")) return;
    this.messagesSeen++;
    this.messages.push(message);
    if (this.messages.length > messagesKept) this.messages.shift();
    this.#notify();
  }

  async #refreshDevices() {
    this.#devices = await listMicrophones();
    this.#notify();
  }

  #notify() {
    for (const watcher of this.#watchers) watcher();
  }
}
