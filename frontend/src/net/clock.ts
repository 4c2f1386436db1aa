/** Tells the server's time, so that the age of a message is known by when it was made and not by when it arrived.
 *
 * A message can only be late: of all differences between the server's stamp and our clock, the largest is the nearest to the
 * truth. A new connection starts anew, since either clock may have been set meanwhile. */
export class ServerClock {
  #ahead: number | null = null;
  readonly #local: () => number;

  constructor(local: () => number = Date.now) {
    this.#local = local;
  }

  restart(at: string): void {
    this.#ahead = null;
    this.heard(at);
  }

  heard(at: string): void {
    const sample = Date.parse(at) - this.#local();
    if (Number.isNaN(sample)) return;
    if (this.#ahead === null || sample > this.#ahead) this.#ahead = sample;
  }

  now(): number {
    return this.#local() + (this.#ahead ?? 0);
  }

  /** Milliseconds since the server made it. */
  age(at: string): number {
    return Math.max(0, this.now() - Date.parse(at));
  }
}
