import {describe, expect, it} from 'vitest';
import {ATTACK_KINDS} from '../../../lib/options/attacks/attacks.js';
import {parseAttackConfig, parseDefendConfig} from '../../../lib/options/config.js';
import {messageOf} from '../../support/message_of.js';

const defend = (options: Readonly<Record<string, unknown>>) =>
  parseDefendConfig({ckpt: 'model.pt', ...options});

describe('a bad option is refused in the words of the user:', () => {
  it.each([
    [{steps: 0}, 'Expected integer > 0 for steps but received 0'],
    [{steps: '2.5'}, 'Expected integer > 0 for steps but received 2.5'],
    [{steps: ''}, 'Expected integer > 0 for steps but received ""'],
    [{rounds: 'many'}, 'Expected integer > 0 for rounds but received "many"'],
    [{batchSize: -1}, 'Expected integer > 0 for batchSize but received -1'],
    [{threads: -1}, 'Expected integer from 0 to 1024 for threads but received -1'],
    [{numClasses: 1}, 'Expected integer > 1 for numClasses but received 1'],
    [{seed: 2 ** 32}, 'Expected integer from 0 to 4294967295 for seed but received 4294967296'],
    [{normBound: Number.NaN}, 'Expected number > 0 for normBound but received NaN'],
    [{lambda1: '-1'}, 'Expected number >= 0 for lambda1 but received -1'],
    [{momentum: 1}, 'Expected number >= 0 and < 1 for momentum but received 1'],
    [{norm: 'L3'}, 'Expected L_inf, L1, L2 or Reg for norm but received "L3"'],
    [{init: 'one'}, 'Expected max, min, zero or random for init but received "one"'],
    [{optimizer: 'lion'}, 'Expected adam or sgd for optimizer but received "lion"'],
    [{trainMode: 'maybe'}, 'Expected on or off for trainMode but received "maybe"'],
    [{device: 'gpu'}, 'Expected auto, cpu, cuda or cuda:N for device but received "gpu"'],
    [
      {model: 'vgg'},
      'Expected one of the models that sau-native models lists, or <name>_w<width> such as preactresnet18_w16, or either with _polarized behind it for model but received "vgg"',
    ],
    [
      {mean: [1, 2], std: [1, 1, 1]},
      'Expected three numbers such as 0.4914,0.4822,0.4465 for mean but received [1,2]',
    ],
    [
      {mean: '0,0,0', std: '1,1,0'},
      'Expected three numbers > 0 such as 0.247,0.243,0.261 for std but received "1,1,0"',
    ],
    [
      {adamBetas: [1, 0]},
      'Expected two numbers >= 0 and < 1 such as 0.9,0.999 for adamBetas but received [1,0]',
    ],
    [{mean: [0, 0, 0]}, 'Expected both or none of mean and std but received only mean'],
    [
      {clean: null},
      'Expected a ratio such as 5pct, a count, an index file or a folder for clean but received nothing',
    ],
    [
      {failAboveAsr: 5},
      'Expected a share from 0 to 1 such as 5% or 0.05 for failAboveAsr but received 5',
    ],
    [
      {maxAccDrop: '120%'},
      'Expected a share from 0 to 1 such as 5% or 0.05 for maxAccDrop but received "120%"',
    ],
    [{stepz: 1}, 'Expected a known option but received stepz; the nearest is steps'],
    [{qqqqqq: 1}, 'Expected a known option but received qqqqqq'],
    [
      {method: 'abl'},
      'Expected one of sau, ft, fp, nad, nc, anp, ep, ibau, ftsam, clp, bnp, rnp, npd for method but received "abl"',
    ],
    [
      {method: 'ft', normBound: 0.1},
      'Expected an option of ft but received normBound, which belongs to sau and npd. Leave it out, or set method to sau',
    ],
    [
      {cropPadding: 0},
      'Expected an option of sau but received cropPadding, which belongs to ft, fp, nad, nc, anp, ep, ibau, ftsam and rnp. Leave it out, or set method to ft',
    ],
    [
      {method: 'anp', select: 'fixed'},
      'Expected number >= 0 and < 1 beside select fixed for threshold but received nothing',
    ],
    [{method: 'clp', select: 'oracle'}, 'Expected fixed or clean for select but received "oracle"'],
    [
      {out: new URL('https://example.org/out')},
      'Expected a folder for out but received "https://example.org/out"',
    ],
    [
      {resultFile: 'a'},
      'Expected exactly one of ckpt and resultFile but received both "model.pt" and "a"',
    ],
  ])('%j', (options, expected) => {
    expect(messageOf(() => defend(options))).toBe(expected);
  });

  it('neither a checkpoint nor a name nor a program', () => {
    expect(messageOf(() => parseDefendConfig({}))).toBe(
      'Expected ckpt, resultFile or program but received none',
    );
  });

  it('rates and labels of an attack', () => {
    expect(messageOf(() => parseAttackConfig({kind: 'badnet', poisonRate: 1.5}))).toBe(
      'Expected number > 0 and <= 1 for poisonRate but received 1.5',
    );
    expect(messageOf(() => parseAttackConfig({kind: 'badnet', targetLabel: -1}))).toBe(
      'Expected integer >= 0 for targetLabel but received -1',
    );
    expect(messageOf(() => parseAttackConfig({kind: 'other'}))).toBe(
      `Expected one of ${ATTACK_KINDS.join(', ')} for kind but received "other"`,
    );
  });

  it('a text of a million digits for a number', () => {
    const digits = `${'1'.repeat(1e6)}x`;
    const message = messageOf(() => parseDefendConfig({ckpt: 'm', rounds: digits}));
    expect(message.slice(0, 50)).toMatch(/^Expected integer > 0 for rounds but received "1+$/);
  });

  it('each of several', () => {
    const message = messageOf(() => parseDefendConfig({ckpt: 'm', steps: 0, init: 'x'}));
    expect(message.split('\n').sort()).toEqual([
      'Expected integer > 0 for steps but received 0',
      'Expected max, min, zero or random for init but received "x"',
    ]);
  });
});
