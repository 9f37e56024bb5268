import {describe, expect, it} from 'vitest';
import {parseCompareConfig} from '../../../lib/compare/config.js';
import {DEFENSE_NAMES} from '../../../lib/defenses/defenses.js';
import {parseDefendConfig} from '../../../lib/options/config.js';
import type {CompareOptions} from '../../../lib/options/documented.js';
import {messageOf} from '../../support/message_of.js';

/** Programs without types may give anything. */
const parse = (options: Readonly<Record<string, unknown>>) =>
  parseCompareConfig({ckpt: 'model.pt', methods: ['sau', 'ft'], ...options} as CompareOptions);

describe('the runs of a comparison', () => {
  it('are all methods of a seed, then those of the next', () => {
    const {runs} = parse({seeds: [2, 0, 2]});
    expect(runs.map(({method, seed}) => `${method} ${seed}`)).toEqual([
      ...['sau 2', 'ft 2', 'sau 0', 'ft 0'],
    ]);
  });

  it('are of all methods and three seeds by default', () => {
    const {runs} = parseCompareConfig({ckpt: 'model.pt'});
    expect(runs).toHaveLength(3 * DEFENSE_NAMES.length);
    expect(new Set(runs.map(({method}) => method))).toEqual(new Set(DEFENSE_NAMES));
    expect(new Set(runs.map(({seed}) => seed))).toEqual(new Set([0, 1, 2]));
  });

  it("have each method's own defaults, and are measured before and after alone", () => {
    const [sau, ft] = parse({seeds: '1'}).runs;
    const usual = {ckpt: 'model.pt', seed: 1, force: true, evalEvery: 0};
    expect(sau?.options).toEqual(parseDefendConfig(usual));
    expect(ft?.options).toEqual(parseDefendConfig({...usual, method: 'ft'}));
  });

  it('have shared options alike', () => {
    const {runs} = parse({clean: 20, device: 'cpu', threads: '2', evalEvery: 3});
    for (const {options} of runs) {
      expect(options).toMatchObject({clean: '20', device: 'cpu', threads: 2, evalEvery: 3});
    }
  });

  it('take an option for every method that has it, and over it that of one method', () => {
    const {runs} = parse({
      seeds: [0],
      set: {every: {rounds: 7, batchSize: '8', steps: 2}, ft: {rounds: 3}},
    });
    expect(runs.map(({options}) => options)).toMatchObject([
      {method: 'sau', rounds: 7, batchSize: 8, steps: 2},
      {method: 'ft', rounds: 3, batchSize: 8},
    ]);
  });

  it.each<[object, string]>([
    [{methods: 'sau,none'}, 'each once, for methods but received "sau,none"'],
    [{methods: ['ft', 'ft']}, 'each once, for methods but received ["ft","ft"]'],
    [{methods: []}, 'for methods but received []'],
    [{seeds: [-1]}, 'Expected seeds such as 0,1,2 for seeds but received [-1]'],
    [{seeds: [0.5]}, 'for seeds but received [0.5]'],
    [{rounds: 3}, 'Expected an option that every method has but received rounds. Give it for one'],
    [{cleann: 3}, 'Expected a known option but received cleann; the nearest is clean'],
    [{seed: 1}, 'the nearest is seeds'],
    [{set: 3}, 'Expected a map of names to values for set but received 3'],
    [{set: {ft: 3}}, 'Expected a map of names to values for set.ft but received 3'],
    [
      {set: {fte: {}}},
      'Expected every or the name of a method in set but received fte. The nearest is ft',
    ],
    [{set: {ft: {steps: 3}}}, 'Expected an option of ft alone but received ft.steps'],
    [{set: {ft: {round: 3}}}, 'received ft.round. The nearest is ft.rounds'],
    [{set: {ft: {rounds: 0}}}, 'Expected integer > 0 for ft.rounds but received 0'],
    [{set: {every: {rounds: 0}}}, 'Expected integer > 0 for rounds of sau but received 0'],
    [
      {methods: ['ft'], set: {every: {steps: 3}}},
      'Expected an option of one of ft but received steps',
    ],
    [{threads: -1}, 'for threads but received -1'],
    [{mean: [0, 0, 0]}, 'both or none of mean and std'],
    [{ckpt: undefined}, 'Expected ckpt, resultFile or program but received none'],
  ])('are refused for %j', (options, message) => {
    expect(messageOf(() => parse({...options}))).toContain(message);
  });
});
