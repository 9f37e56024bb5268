import {describe, expect, it} from 'vitest';
import {z} from 'zod';
import {listOf, mapOf} from '../../../lib/base/first_fault.js';
import {firstIssue, runSchema} from '../../../lib/records/run_schema.js';

const MANY = 100_000;

describe('a check of a list or map', () => {
  it('takes what is right, with what the form of an item makes of it', () => {
    const item = z.object({a: z.number(), b: z.string().default('usual')});
    expect(listOf(item).parse([{a: 1}])).toEqual([{a: 1, b: 'usual'}]);
    expect(mapOf(item).parse({x: {a: 1, c: 2}})).toEqual({x: {a: 1, b: 'usual'}});
  });

  it('keeps the first fault of many, with its place', () => {
    const list = listOf(z.object({a: mapOf(z.number())}));
    const parsed = list.safeParse([{a: {}}, {a: {x: 1, y: 'no', z: 'no'}}, ...Array(MANY).fill(0)]);
    expect(parsed.error?.issues.map(({path}) => path)).toEqual([[1, 'a', 'y']]);
    expect(list.safeParse(3).success).toBe(false);
    expect(mapOf(z.number()).safeParse([]).success).toBe(false);
  });

  it('of a run keeps few faults, however many a hostile file has', () => {
    const values = Object.fromEntries(Array.from({length: MANY}, (_, i) => [`f${i}`, 0]));
    const hostile = {
      rounds: Array(MANY).fill(0),
      files: values,
      dataset: {classTitles: Array(MANY).fill(0)},
    };
    const {error} = runSchema.safeParse(hostile);
    expect(error?.issues.length).toBeLessThan(50);
    const told = runSchema.shape.rounds.safeParse([{round: 0, seconds: 1, figures: {loss: 'x'}}]);
    expect(told.error && firstIssue(told.error).message).toBe('its 0.figures.loss is not a number');
  });
});
