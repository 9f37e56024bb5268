import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {FIXTURES} from '../support.js';

/** The scalars of the generators' oracle, scripts/oracle/make_generator_fixtures.py. */
export const generatorFacts = JSON.parse(readFileSync(join(FIXTURES, 'generators.json'), 'utf8'));

export function shareOfEqual(actual: Uint8Array, expected: Uint8Array): number {
  expect(actual.length).toBe(expected.length);
  return actual.filter((value, i) => value === expected[i]).length / expected.length;
}
