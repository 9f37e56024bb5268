/** Shares a number of bytes among tasks that run at the same time. Who asks first gets its part first. */
export class ByteBudget {
  readonly #most: number;
  readonly #waiting: (readonly [bytes: number, start: () => void])[] = [];
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs a task once its bytes fit. A task that needs more than there is runs alone. */
  async run<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push([bytes, resolve]);
      });
    } else {
      this.#used += bytes;
    }
    try {
      return await task();
    } finally {
      this.#used -= bytes;
      this.#startWaiting();
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#most;
  }

  #startWaiting(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const [bytes, start] = next;
      if (!this.#fits(bytes)) return;
      this.#waiting.shift();
      this.#used += bytes;
      start();
    }
  }
}
