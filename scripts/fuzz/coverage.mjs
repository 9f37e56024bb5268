/** How often a branch ran, as a bit: 1, 2, 3, up to 7, 15, 31, 127 and more. */
const BIT = Uint8Array.from({length: 256}, (_, hits) => {
  const limits = [1, 2, 3, 7, 15, 31, 127, 255];
  return hits === 0 ? 0 : 1 << limits.findIndex((limit) => hits <= limit);
});

/** What all inputs so far have reached. */
export class Coverage {
  #branches;
  #seen;

  constructor(branches) {
    this.#branches = branches;
    this.#seen = new Uint8Array(branches.hits.length);
  }

  /** How many branches were reached, of how many. */
  get reached() {
    let reached = 0;
    for (let i = 0; i < this.#branches.count; i++) if (this.#seen[i] !== 0) reached += 1;
    return [reached, this.#branches.count];
  }

  clear() {
    this.#branches.hits.fill(0);
  }

  /** Takes what the last input reached; true where a branch is new, or ran another number of times. */
  take() {
    const {hits, count} = this.#branches;
    let isNew = false;
    for (let i = 0; i < count; i++) {
      const bit = BIT[hits[i]];
      if (bit === 0 || (this.#seen[i] & bit) !== 0) continue;
      this.#seen[i] |= bit;
      isNew = true;
    }
    return isNew;
  }
}
