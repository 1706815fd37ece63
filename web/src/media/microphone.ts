import type { MicrophoneFault } from "../session/state.ts";

export class MicrophoneError extends Error {
  readonly fault: MicrophoneFault;

  constructor(fault: MicrophoneFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

/**
 * The person's microphone. Connections get clones (`lease`), because the transport stops the tracks of every connection
 * that it closes, and a reconnect would otherwise send silence from a stopped microphone.
 */
export class Microphone {
  /** Called when the device goes away by itself: unplugged, or permission taken back. */
  onLost: (() => void) | undefined;

  readonly #raw: boolean;
  #stream: MediaStream | undefined;
  #lease: MediaStreamTrack | undefined;
  #leases: MediaStreamTrack[] = [];
  #enabled = true;
  #opening = 0;

  /** `raw` turns echo cancellation and noise suppression off: for measuring with known signals, not for people. */
  constructor(raw: boolean) {
    this.#raw = raw;
  }

  get stream() {
    return this.#stream;
  }

  get track() {
    return this.#stream?.getAudioTracks()[0];
  }

  get enabled() {
    return this.#enabled;
  }

  async open(deviceId?: string): Promise<MediaStreamTrack> {
    if (!isSecureContext) throw new MicrophoneError("insecure", location.origin);
    // Typed as always there; absent in old and embedded browsers.
    if (!(navigator.mediaDevices as MediaDevices | undefined)?.getUserMedia) throw new MicrophoneError("unsupported", navigator.userAgent);

    const opening = ++this.#opening;
    const stream = await navigator.mediaDevices.getUserMedia({ audio: this.#constraints(deviceId) }).catch((e: unknown) => {
      throw new MicrophoneError(faultOf(e), describe(e));
    });
    // The prompt cannot be taken back; an answer that comes after close() must not leave the microphone on.
    if (opening !== this.#opening) {
      stop(stream.getTracks());
      throw new MicrophoneError("dismissed", "no longer wanted");
    }

    this.#release();
    this.#stream = stream;
    const track = stream.getAudioTracks()[0]!;
    track.enabled = this.#enabled;
    track.addEventListener("ended", () => this.track === track && this.onLost?.());
    return track;
  }

  /** The track for the current connection; the same one until `renewLease`. */
  lease(): MediaStreamTrack | undefined {
    if (this.#lease?.readyState !== "live") {
      this.#leases = this.#leases.filter((t) => t.readyState === "live");
      this.#lease = this.track?.clone();
      if (this.#lease) this.#leases.push(this.#lease);
    }
    return this.#lease;
  }

  renewLease() {
    this.#lease = undefined;
  }

  enable(on: boolean) {
    this.#enabled = on;
    for (const track of [this.track, ...this.#leases]) if (track) track.enabled = on;
  }

  close() {
    this.#opening++;
    this.#release();
    this.#stream = undefined;
  }

  #release() {
    stop(this.#leases);
    stop(this.#stream?.getTracks() ?? []);
    this.#leases = [];
    this.#lease = undefined;
  }

  #constraints(deviceId?: string): MediaTrackConstraints {
    const processing = this.#raw ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : { echoCancellation: true };
    return deviceId ? { ...processing, deviceId: { exact: deviceId } } : processing;
  }
}

/** Labels and ids are empty until permission is given; those entries help nobody choose. */
export async function listMicrophones(): Promise<MediaDeviceInfo[]> {
  const devices = await (navigator.mediaDevices as MediaDevices | undefined)?.enumerateDevices().catch(() => []);
  return (devices ?? []).filter((d) => d.kind === "audioinput" && d.deviceId !== "");
}

function faultOf(error: unknown): MicrophoneFault {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
      // Chromium says "Permission dismissed" when the prompt is closed without an answer; asking again may help then.
      return /dismissed/i.test(describe(error)) ? "dismissed" : "denied";
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unknown";
  }
}

const describe = (e: unknown) => (e instanceof Error ? e.message || e.name : String(e));

function stop(tracks: Iterable<MediaStreamTrack>) {
  for (const track of tracks) track.stop();
}
