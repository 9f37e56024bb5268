/**
 * Encoder of a binary BCH code in systematic form, shortened to whole bytes of data. The parity bits fill bytes
 * from the most significant bit on, followed by zeros, as in StegaStamp's secrets (specification B4.5).
 */
export interface BchCode {
  /** Primitive polynomial of the field GF(2^m): bit i is the coefficient of x^i. */
  readonly primitivePolynomial: number;
  /** Bit errors that can be corrected. */
  readonly correctable: number;
}

/** Degree of a polynomial over GF(2) whose bit i is the coefficient of x^i; -1 for zero. */
export function degreeOf(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1;
}

/** Remainder of a division of polynomials over GF(2). */
export function remainderOf(dividend: bigint, divisor: bigint): bigint {
  const degree = degreeOf(divisor);
  let rest = dividend;
  while (degreeOf(rest) >= degree) rest ^= divisor << BigInt(degreeOf(rest) - degree);
  return rest;
}

/** The powers of the primitive element of the field: [2^m - 1]. */
function powersOf(primitivePolynomial: number): number[] {
  const size = 1 << (31 - Math.clz32(primitivePolynomial));
  const powers = [1];
  while (powers.length < size - 1) {
    const next = (powers.at(-1) ?? 0) << 1;
    powers.push(next >= size ? next ^ primitivePolynomial : next);
  }
  return powers;
}

/**
 * The generator polynomial: the product of the minimal polynomials of the powers 1, 3 .. 2t-1 of the primitive
 * element. The conjugates of each power are also roots.
 */
export function generatorPolynomial({primitivePolynomial, correctable}: BchCode): bigint {
  const powers = powersOf(primitivePolynomial);
  const order = powers.length;
  const logarithm = new Map(powers.map((power, exponent) => [power, exponent]));
  const times = (value: number, exponent: number): number =>
    value === 0 ? 0 : (powers[((logarithm.get(value) ?? 0) + exponent) % order] ?? 0);
  const roots = new Set<number>();
  for (let odd = 1; odd < 2 * correctable; odd += 2) {
    for (let root = odd % order; !roots.has(root); root = (2 * root) % order) roots.add(root);
  }
  // Coefficients in the field, lowest first; those of the whole product are 0 or 1.
  let product = [1];
  for (const root of roots) {
    const shifted = [0, ...product];
    product = shifted.map((c, i) => c ^ times(product[i] ?? 0, root));
  }
  return BigInt(`0b${product.reverse().join('')}`);
}

/** The parity bytes of some data: the remainder of data(x) * x^r by the generator of degree r. */
export function bchParity(data: Uint8Array, code: BchCode): Uint8Array {
  const generator = generatorPolynomial(code);
  const bits = degreeOf(generator);
  const bytes = Math.ceil(bits / 8);
  const message = BigInt(`0x0${Buffer.from(data).toString('hex')}`);
  const parity = remainderOf(message << BigInt(bits), generator) << BigInt(8 * bytes - bits);
  return new Uint8Array(Buffer.from(parity.toString(16).padStart(2 * bytes, '0'), 'hex'));
}
