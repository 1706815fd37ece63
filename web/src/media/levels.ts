export type Side = "you" | "agent";

export interface Level {
  /** Root mean square and peak of the last 43 ms, 0…1. */
  readonly rms: number;
  readonly peak: number;
}

export interface Heard extends Level {
  /** The loudest `rms` since the call began. */
  readonly maxRms: number;
  /** Sum of squares over the sampled windows: the signal's energy, measured here and not taken from anyone's word. */
  readonly energy: number;
  readonly windows: number;
  /** The strongest frequency of all that was heard, in hertz, to within one bin of 23 Hz. */
  readonly hertz: number;
}

const silence: Level = { rms: 0, peak: 0 };
const sampleEvery = 50; // ms
export const historyLength = 10_000 / sampleEvery;

class Tap {
  readonly #analyser: AnalyserNode;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #samples: Float32Array<ArrayBuffer>;
  readonly #decibels: Float32Array<ArrayBuffer>;
  readonly #power: Float64Array;
  #last = silence;
  #maxRms = 0;
  #energy = 0;
  #windows = 0;

  constructor(context: AudioContext, stream: MediaStream) {
    this.#analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#decibels = new Float32Array(this.#analyser.frequencyBinCount);
    this.#power = new Float64Array(this.#analyser.frequencyBinCount);
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  sample(): Level {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    let peak = 0;
    for (const s of this.#samples) {
      sum += s * s;
      peak = Math.max(peak, Math.abs(s));
    }
    this.#last = { rms: Math.sqrt(sum / this.#samples.length), peak };
    this.#maxRms = Math.max(this.#maxRms, this.#last.rms);
    this.#analyser.getFloatFrequencyData(this.#decibels);
    for (let i = 0; i < this.#power.length; i++) this.#power[i]! += 10 ** (this.#decibels[i]! / 10);
    this.#energy += sum;
    this.#windows++;
    return this.#last;
  }

  get last() {
    return this.#last;
  }

  get heard(): Heard {
    return { ...this.#last, maxRms: this.#maxRms, energy: this.#energy, windows: this.#windows, hertz: this.#strongest() };
  }

  close() {
    this.#source.disconnect();
  }

  #strongest(): number {
    let best = 0;
    for (let i = 1; i < this.#power.length; i++) if (this.#power[i]! > this.#power[best]!) best = i;
    return (best * this.#analyser.context.sampleRate) / this.#analyser.fftSize;
  }
}

/** Both directions' loudness, by AnalyserNode: no worklet to load, nothing to download. Runs only while a call does. */
export class Levels {
  /** Every 50 ms, with both levels. */
  onSample: ((you: Level, agent: Level) => void) | undefined;

  /** The last ten seconds of `rms`, as rings; `count` samples were ever written. */
  readonly history = { you: new Float32Array(historyLength), agent: new Float32Array(historyLength), count: 0 };

  #context: AudioContext | undefined;
  #taps: Partial<Record<Side, Tap>> = {};
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Call it from the click: browsers let audio start only from a gesture. */
  start() {
    this.stop();
    this.history.you.fill(0);
    this.history.agent.fill(0);
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    void this.#context.resume();
    this.#timer = setInterval(() => {
      const you = this.#taps.you?.sample() ?? silence;
      const agent = this.#taps.agent?.sample() ?? silence;
      this.#remember(you.rms, agent.rms);
      this.onSample?.(you, agent);
    }, sampleEvery);
  }

  /** False while the browser holds the audio clock back; then all levels read zero and mean nothing. */
  get measuring() {
    return this.#context?.state === "running";
  }

  tap(side: Side, stream: MediaStream) {
    if (!this.#context) return;
    this.#taps[side]?.close();
    this.#taps[side] = new Tap(this.#context, stream);
  }

  last(side: Side): Level {
    return this.#taps[side]?.last ?? silence;
  }

  heard(side: Side): Heard {
    return this.#taps[side]?.heard ?? { ...silence, maxRms: 0, energy: 0, windows: 0, hertz: 0 };
  }

  stop() {
    clearInterval(this.#timer);
    for (const tap of Object.values(this.#taps)) tap.close();
    this.#taps = {};
    void this.#context?.suspend();
  }

  #remember(you: number, agent: number) {
    const at = this.history.count++ % historyLength;
    this.history.you[at] = you;
    this.history.agent[at] = agent;
  }
}
