/** Small fast counter (sfc32): the same seed gives the same draws everywhere. */
export class Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c;
  #count = 1;

  constructor(seed) {
    this.#c = seed >>> 0;
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 bits. */
  bits() {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 to count - 1. */
  below(count) {
    return count <= 1 ? 0 : this.bits() % count;
  }

  chance(share) {
    return this.bits() < share * 2 ** 32;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** Mostly small, sometimes up to `most`. */
  few(most) {
    return this.below(this.chance(0.8) ? Math.min(most, 4) : most) + 1;
  }
}

/** A seed for each target, so that a campaign of one is the same as within a campaign of all. */
export function seedOf(seed, name) {
  let hash = seed >>> 0;
  for (const sign of name) hash = Math.imul(hash ^ sign.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
