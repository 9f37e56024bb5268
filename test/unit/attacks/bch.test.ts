import {describe, expect, it} from 'vitest';
import {bchParity, degreeOf, generatorPolynomial, remainderOf} from '../../../lib/attacks/bch.js';
import {secretBits} from '../../../lib/attacks/ssba.js';
import {errorOf} from '../../support/error_of.js';

const CODE = {primitivePolynomial: 137, correctable: 5} as const;

describe('the BCH code', () => {
  it.each([
    [1, 0o211n],
    [2, 0o41567n],
    [3, 0o11554743n],
    [4, 0o3447023271n],
    [5, 0o624730022327n],
  ])(
    'of length 127 that corrects %i errors has the tabulated generator',
    (correctable, expected) => {
      // Lin and Costello, Error Control Coding, the table of binary BCH codes.
      expect(generatorPolynomial({primitivePolynomial: 137, correctable})).toBe(expected);
    },
  );

  it('of length 15 that corrects 2 errors has the generator x^8 + x^7 + x^6 + x^4 + 1', () => {
    expect(generatorPolynomial({primitivePolynomial: 0b10011, correctable: 2})).toBe(0b111010001n);
  });

  it('makes codewords that the generator divides', () => {
    const generator = generatorPolynomial(CODE);
    expect(degreeOf(generator)).toBe(35);
    for (const text of ['stega!!', 'a      ', '\0\0\0\0\0\0\0', 'zzzzzzz']) {
      const data = Buffer.from(text);
      const word = Buffer.concat([data, bchParity(data, CODE)]);
      const codeword = BigInt(`0x${word.toString('hex')}`) >> 5n; // 40 - 35 bits of filling
      expect(remainderOf(codeword, generator)).toBe(0n);
      expect(word.readUInt8(word.length - 1) & 0b11111).toBe(0);
    }
  });

  it('agrees with a known BCH library', () => {
    // python-bchlib 2.1.3: BCH(5, prim_poly=137).encode(...)
    expect([...bchParity(Buffer.from('stega!!'), CODE)]).toEqual([52, 140, 193, 229, 96]);
    expect([...bchParity(Buffer.from('a      '), CODE)]).toEqual([134, 147, 225, 71, 224]);
  });
});

describe('the bits of a secret', () => {
  it('are its text, most significant bit first, the parity and four zeros', () => {
    const bits = secretBits('stega!!').join('');
    expect(bits).toHaveLength(100);
    expect(bits.slice(0, 8)).toBe('01110011'); // s
    expect(bits.slice(56, 64)).toBe('00110100'); // 52
    expect(bits.slice(91)).toBe('000000000');
  });

  it('fill a short text up with blanks', () => {
    expect(secretBits('a')).toEqual(secretBits('a      '));
  });

  it.each(['', 'eight ch', 'ääää'])('refuse the text "%s"', async (text) => {
    await errorOf(
      Promise.resolve().then(() => secretBits(text)),
      'ERR_CONFIG',
    );
  });
});
