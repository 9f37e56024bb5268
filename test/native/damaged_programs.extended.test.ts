import {expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import {outcomesOf} from '../support/damaged_programs.js';
import {NETS, programPath} from '../support/programs.js';

const SEEDS = Array.from({length: 10}, (_, i) => 100 + i);
const RUNS = [...NETS, 'preactresnet18_w2'].flatMap((name) =>
  SEEDS.map((seed) => [name, seed] as const),
);

// 20,000 in all. Some compute for seconds within the limit of memory, such as a convolution with a padding of 1000.
it.each(RUNS)(
  '500 mutated programs run or are refused: %s, seed %i',
  async (name, seed) => {
    const {core} = await loadCore();
    const outcomes = await outcomesOf(core, programPath(name), {seed, count: 500});
    const {runs = 0, ERR_PROGRAM = 0, ...others} = outcomes;
    expect(others).toEqual({});
    expect(runs + ERR_PROGRAM).toBe(500);
  },
  600_000,
);
