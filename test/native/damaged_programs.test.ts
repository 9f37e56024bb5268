import {expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import {outcomesOf} from '../support/damaged_programs.js';
import {NETS, programPath} from '../support/programs.js';

it.each(NETS)('a mutated program runs or is refused: %s', async (name) => {
  const {core} = await loadCore();
  const outcomes = await outcomesOf(core, programPath(name), {seed: 1, count: 150});
  const {runs = 0, ERR_PROGRAM = 0, ...others} = outcomes;
  expect(others).toEqual({});
  expect(runs).toBeGreaterThan(5);
  expect(ERR_PROGRAM).toBeGreaterThan(50);
});
