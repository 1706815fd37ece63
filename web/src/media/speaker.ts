/** Plays what the agent says. A browser may refuse without a gesture; then the page asks for one. */
export class Speaker {
  onBlocked: ((blocked: boolean) => void) | undefined;

  readonly #audio = new Audio();

  play(stream: MediaStream) {
    this.#audio.srcObject = stream;
    this.resume();
  }

  resume() {
    this.#audio.play().then(
      () => this.onBlocked?.(false),
      // Any other rejection is a play() overtaken by a newer one or by stop().
      (e: unknown) => e instanceof DOMException && e.name === "NotAllowedError" && this.onBlocked?.(true),
    );
  }

  stop() {
    this.#audio.pause();
    this.#audio.srcObject = null;
  }
}
