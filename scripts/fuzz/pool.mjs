/** More are not kept: the oldest of those that were found make room. */
const MOST = 2000;
/** Of one: what is made of a long input is long, too, and slow. */
const MOST_BYTES = 1 << 14;

/** The inputs that others are made from: the seeds, and those that reached something new. */
export class Pool {
  #seeds;
  #most;
  #found = [];

  constructor(seeds) {
    this.#seeds = seeds;
    this.#most = Math.max(MOST_BYTES, ...seeds.map(({length}) => length));
  }

  get size() {
    return this.#seeds.length + this.#found.length;
  }

  get all() {
    return [...this.#seeds];
  }

  add(bytes) {
    if (bytes.length > this.#most) return;
    this.#found.push(Buffer.from(bytes));
    if (this.#found.length > MOST) this.#found.shift();
  }

  /** A seed, one of the latest, or any. */
  pick(random) {
    const found = this.#found;
    if (found.length === 0 || random.chance(0.25)) return random.pick(this.#seeds);
    if (random.chance(0.4))
      return found[found.length - 1 - random.below(Math.min(20, found.length))];
    return random.pick(found);
  }
}
