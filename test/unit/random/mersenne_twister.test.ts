import {describe, expect, it} from 'vitest';
import {MersenneTwister} from '../../../lib/random/mersenne_twister.js';

describe('MersenneTwister', () => {
  it('gives the published words after init_by_array', () => {
    const twister = MersenneTwister.fromKey([0x123, 0x234, 0x345, 0x456]);
    const words = Array.from({length: 5}, () => twister.nextUint32());
    expect(words).toEqual([1067595299, 955945823, 477289528, 4107218783, 4228976476]);
  });

  it('gives the words of C++ std::mt19937 after init_genrand, whose 10000th is in the standard', () => {
    const twister = MersenneTwister.fromSeed(5489);
    const words = Array.from({length: 10000}, () => twister.nextUint32());
    expect(words.slice(0, 3)).toEqual([3499211612, 581869302, 3890346734]);
    expect(words.at(-1)).toBe(4123659995);
  });
});
