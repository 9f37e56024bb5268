// Changes of bytes that know nothing of their format.

const INTERESTING = [
  ...[
    0, 1, 2, 3, 4, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 1000, 4096, 32767, 32768, 65535,
    65536,
  ],
  ...[2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 48, 2 ** 53 - 1, 2 ** 53, 2 ** 63],
];
/** Of what is repeated, in all. */
const MOST_REPEATED = 1 << 19;

/** A number that readers have limits at, or near one. */
export function interesting(random) {
  const number = random.pick(INTERESTING);
  return random.chance(0.2) ? Math.max(0, number + random.below(5) - 2) : number;
}

/** An integer in so many bytes, of either order; larger ones lose their high bits. */
export function integerBytes(value, size, isBig = false) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  const little = bytes.subarray(0, size);
  return isBig ? Buffer.from(little).reverse() : little;
}

/** The bytes with those from `at` to `end` replaced. */
export function replaced(bytes, at, end, by) {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(end)]);
}

/** A place, and another behind it: mostly near, so that little is changed. */
function range(random, length) {
  const at = random.below(length + 1);
  return [at, Math.min(length, at + random.few(random.chance(0.1) ? length : 32))];
}

const WAYS = [
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1, Buffer.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1, Buffer.of(random.below(256)));
  },
  (bytes, random) => {
    const size = random.pick([1, 2, 4, 8]);
    const at = random.below(Math.max(1, bytes.length - size));
    const number = integerBytes(interesting(random), size, random.chance(0.5));
    return replaced(bytes, at, at + size, number);
  },
  (bytes, random) => replaced(bytes, ...range(random, bytes.length), Buffer.alloc(0)),
  (bytes, random) => {
    const [from, to] = range(random, bytes.length);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at, bytes.subarray(from, to));
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const some = Buffer.from(Array.from({length: random.few(16)}, () => random.below(256)));
    return replaced(bytes, at, random.chance(0.5) ? at : at + some.length, some);
  },
  (bytes, random, {words}) => {
    if (words.length === 0) return bytes;
    const at = random.below(bytes.length + 1);
    const word = Buffer.from(random.pick(words));
    return replaced(bytes, at, random.chance(0.5) ? at : at + word.length, word);
  },
  (bytes, random, {other}) => {
    const from = other();
    const [start, end] = [random.below(from.length + 1), random.below(from.length + 1)];
    return replaced(
      bytes,
      ...range(random, bytes.length),
      from.subarray(Math.min(start, end), Math.max(start, end)),
    );
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
];

/** One small part many times: what is harmless once may not be so a hundred thousand times. */
function repeated(bytes, random) {
  const [from, to] = range(random, bytes.length);
  const part = bytes.subarray(from, to);
  const times =
    random.below(Math.ceil(MOST_REPEATED / Math.max(1, part.length))) >> random.below(12);
  return replaced(bytes, from, to, Buffer.concat(Array.from({length: times}, () => part)));
}

/** A copy with some bytes changed, moved, taken out or put in. `context` has `other()` inputs and `words`. */
export function mutateBytes(random, bytes, context) {
  let changed = bytes;
  for (let n = random.few(6); n > 0; n--) changed = random.pick(WAYS)(changed, random, context);
  return random.chance(0.01) ? repeated(changed, random) : Buffer.from(changed);
}
