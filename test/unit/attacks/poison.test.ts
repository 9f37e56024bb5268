import {describe, expect, it} from 'vitest';
import {
  attackLabelOf,
  checkLabelMode,
  choosePoisonedIndices,
  type LabelMode,
  poisonTestSelection,
} from '../../../lib/attacks/poison.js';
import {ATTACK_KINDS, ATTACK_TABLE} from '../../../lib/options/attacks/attacks.js';
import {parseAttackConfig} from '../../../lib/options/config.js';

const all2one: LabelMode = {kind: 'all2one', targetLabel: 2};
const cleanLabel: LabelMode = {kind: 'cleanLabel', targetLabel: 2};
const all2all: LabelMode = {kind: 'all2all', shift: 1};

/** 60 labels of 4 classes, drawn by numpy with seed 3; 16 of them are 2. */
const LABELS = Int32Array.from(
  '201300011323112132000132021222230132102112032303133010211320',
  Number,
);

describe('choosePoisonedIndices', () => {
  const rate = (value: number) => ({kind: 'rate', rate: value}) as const;

  it("chooses the official tool's images of CIFAR-10 for seed 0", () => {
    const chosen = choosePoisonedIndices({
      labels: new Int32Array(50000),
      amount: rate(0.1),
      mode: all2one,
      seed: 0,
    });
    expect(chosen).toHaveLength(5000);
    expect([...chosen.slice(0, 8)]).toEqual([
      11841, 19602, 45519, 25747, 42642, 31902, 30346, 12363,
    ]);
  });

  it('draws a clean-label attack from the target class', () => {
    const chosen = choosePoisonedIndices({
      labels: LABELS,
      amount: {kind: 'count', count: 6},
      mode: cleanLabel,
      seed: 7,
    });
    expect([...chosen]).toEqual([29, 25, 35, 14, 41, 0]);
  });

  it('counts a clean-label rate against all images', () => {
    const choice = {labels: LABELS, amount: rate(0.1), mode: cleanLabel, seed: 0};
    expect(choosePoisonedIndices(choice)).toHaveLength(6);
  });

  it.each([
    [20, 0.125, 2],
    [20, 0.075, 2],
    [100, 0.025, 2],
    [100, 0.035, 4],
    [10, 1, 10],
  ])('rounds halves to even: of %i images at rate %d it takes %i', (n, value, count) => {
    const labels = new Int32Array(n);
    expect(
      choosePoisonedIndices({labels, amount: rate(value), mode: all2all, seed: 0}),
    ).toHaveLength(count);
  });

  it('refuses more clean-label images than the class has and names the largest rate', () => {
    const choice = {labels: LABELS, amount: rate(0.5), mode: cleanLabel, seed: 0};
    expect(() => choosePoisonedIndices(choice)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG',
        message: `Expected to poison at most the 16 training images of class 2 but received 30; the largest possible poison rate is ${16 / 60}`,
      }),
    );
    const largest = {...choice, amount: rate(16 / 60)};
    expect(choosePoisonedIndices(largest)).toHaveLength(16);
  });

  it.each(ATTACK_KINDS.filter((kind) => ATTACK_TABLE[kind].labelModes[0] === 'cleanLabel'))(
    'tells how many images %s can poison at most',
    (kind) => {
      const {labelMode, poisonRate, targetLabel} = parseAttackConfig({kind});
      expect(labelMode).toBe('cleanLabel');
      const labels = Int32Array.from({length: 1000}, (_, i) => i % 100);
      const mode = {...cleanLabel, targetLabel};
      expect(() =>
        choosePoisonedIndices({labels, amount: rate(poisonRate), mode, seed: 0}),
      ).toThrow(
        `Expected to poison at most the 10 training images of class 0 but received ${poisonRate * 1000}; the largest possible poison rate is 0.01`,
      );
    },
  );

  it.each([
    [{kind: 'count', count: 61} as const, /at most the 60 training images but received 61/],
    [{kind: 'count', count: 0} as const, /a poison count of at least 1 but received 0/],
    [{kind: 'count', count: 1.5} as const, /a poison count of at least 1 but received 1.5/],
    [rate(0), /a poison rate in \(0, 1\] but received 0/],
    [rate(1.1), /a poison rate in \(0, 1\] but received 1.1/],
    [rate(Number.NaN), /a poison rate in \(0, 1\]/],
    [rate(0.001), /at least one of 60 images but 0.001 poisons none/],
  ])('refuses %o', (amount, message) => {
    const choice = {labels: LABELS, amount, mode: all2one, seed: 0};
    expect(() => choosePoisonedIndices(choice)).toThrow(message);
  });
});

describe('label modes', () => {
  it('wants the target, or the next label around the circle', () => {
    expect([0, 2, 3].map((label) => attackLabelOf(label, all2one, 4))).toEqual([2, 2, 2]);
    expect([0, 2, 3].map((label) => attackLabelOf(label, all2all, 4))).toEqual([1, 3, 0]);
    expect(attackLabelOf(2, cleanLabel, 4)).toBe(2);
  });

  it('poisons the test images of every other class, or all of them', () => {
    const labels = Int32Array.of(2, 0, 1, 2, 3);
    expect([...poisonTestSelection(labels, all2one)]).toEqual([1, 2, 4]);
    expect([...poisonTestSelection(labels, cleanLabel)]).toEqual([1, 2, 4]);
    expect([...poisonTestSelection(labels, all2all)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('accepts what fits the classes', () => {
    for (const mode of [all2one, cleanLabel, all2all]) {
      expect(() => checkLabelMode(mode, 3)).not.toThrow();
    }
  });

  it('refuses all2all of a single class', () => {
    expect(() => checkLabelMode(all2all, 1)).toThrow(
      'Expected at least two classes for all2all but received 1',
    );
  });

  it.each([
    [{kind: 'all2one', targetLabel: 4}, /target label from 0 to 3 but received 4/],
    [{kind: 'cleanLabel', targetLabel: -1}, /target label from 0 to 3 but received -1/],
    [{kind: 'all2all', shift: 0}, /label shift from 1 to 3 but received 0/],
    [{kind: 'all2all', shift: 4}, /label shift from 1 to 3 but received 4/],
  ] as [LabelMode, RegExp][])('refuses %o for four classes', (mode, message) => {
    expect(() => checkLabelMode(mode, 4)).toThrow(message);
  });
});
