/** When a run began: the date, which may jump while it goes on, and what has passed by a clock that only goes on. */
export class Beginning {
  readonly date = new Date();
  readonly #at = performance.now();

  /** Since then. */
  get seconds(): number {
    return (performance.now() - this.#at) / 1000;
  }
}
