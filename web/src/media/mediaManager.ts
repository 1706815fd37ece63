import type { PipecatClientOptions, RTVIEventCallbacks, Tracks } from "@pipecat-ai/client-js";
import { listMicrophones } from "./microphone.ts";
import type { Microphone } from "./microphone.ts";

type NoDevice = Record<string, never>;

const you = { id: "local", name: "", local: true };

/**
 * What SmallWebRTCTransport asks of its `mediaManager`, over a microphone that is already open. Its default one downloads
 * a bundle from a CDN and waits for it without limit. Audio only: the camera and screen members say no.
 */
export class MediaManager {
  readonly supportsScreenShare = false;
  readonly isCamEnabled = false;
  readonly isSharingScreen = false;
  readonly selectedCam: NoDevice = {};
  readonly selectedSpeaker: NoDevice = {};

  readonly #microphone: Microphone;
  #callbacks: RTVIEventCallbacks = {};
  #selected: MediaDeviceInfo | NoDevice = {};

  constructor(microphone: Microphone) {
    this.#microphone = microphone;
  }

  setClientOptions(options: PipecatClientOptions) {
    this.#callbacks = options.callbacks ?? {};
  }

  async initialize() {
    const track = this.#microphone.track;
    if (!track) throw new Error("the microphone is opened before the client is made");

    // Listing the devices takes some browsers 100 ms, and dialling need not wait for it.
    void listMicrophones().then((mics) => this.#callbacks.onAvailableMicsUpdated?.(mics));
    const { deviceId = "default", groupId = "" } = track.getSettings();
    this.#selected = { deviceId, groupId, label: track.label, kind: "audioinput", toJSON: () => ({ deviceId }) };
    this.#callbacks.onMicUpdated?.(this.#selected);
    this.#callbacks.onTrackStarted?.(track, you);
  }

  async connect() {}

  /** The call closes the microphone when it ends; by then another call may hold it. */
  async disconnect() {}

  tracks(): Tracks {
    const audio = this.#microphone.lease();
    return { local: audio ? { audio } : {} };
  }

  enableMic(on: boolean) {
    this.#microphone.enable(on);
  }

  get isMicEnabled() {
    return this.#microphone.enabled;
  }

  get selectedMic() {
    return this.#selected;
  }

  getAllMics() {
    return listMicrophones();
  }

  async updateMic(deviceId: string) {
    await this.#microphone.open(deviceId);
    await this.initialize();
  }

  async getAllCams(): Promise<MediaDeviceInfo[]> {
    return [];
  }

  async getAllSpeakers(): Promise<MediaDeviceInfo[]> {
    return [];
  }

  updateCam() {}
  updateSpeaker() {}
  enableCam() {}
  enableScreenShare() {}

  // For transports that carry audio as messages; WebRTC carries tracks.
  setUserAudioCallback() {}
  async userStartedSpeaking() {}
  bufferBotAudio() {}
}
