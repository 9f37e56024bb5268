import {describe, expect, it} from 'vitest';
import {KNOWN} from '../../../lib/datasets/known.js';
import {facts, floatsOf, range, tensorsOf} from '../../support/oracle.js';
import {
  ATTACKS,
  BPP,
  INPUT_AWARE,
  images,
  openSession,
  poisonedTrain,
  TRAIN,
  WANET,
} from '../../support/training_attacks.js';

describe('the training set that an attack in the batches leaves', () => {
  it.each([
    ['wanet', WANET, 4], // twice the two poisoned ones
    ['inputaware', INPUT_AWARE, 2], // as many as poisoned ones
    ['bpp', BPP, 2], // a quarter of the batch
  ] as const)(
    'has the first images of each batch of %s, poisoned and disturbed',
    async (_, attack, cross) => {
      const made = await poisonedTrain(attack);
      const {labels} = await images();
      const expected = [0, 8, 16, 24].flatMap((start) =>
        Array.from({length: 2 + cross}, (_, i) => ({
          position: start + i,
          cross: i < 2 ? 0 : 1,
          label: i < 2 ? 1 : labels[start + i],
        })),
      );
      expect(
        [...made.positions].map((position, i) => ({
          position,
          cross: made.cross[i],
          label: made.labels[i],
        })),
      ).toEqual(expected);
    },
  );

  it.each([
    [0, 0],
    [0.5, 1],
    [3, 6],
  ])('has %s disturbed images of inputaware for each poisoned one', async (crossRatio, cross) => {
    const made = await poisonedTrain({...INPUT_AWARE, crossRatio});
    const batches = [0, 8, 16, 24];
    const positions = batches.flatMap((start) => [...range(2 + cross)].map((i) => start + i));
    expect([...made.positions]).toEqual(positions);
    expect(made.cross.filter((one) => one === 1)).toHaveLength(4 * cross);
  });

  it('gives each poisoned image the class after its own, all to all', async () => {
    const made = await poisonedTrain({...WANET, labelMode: 'all2all', crossRatio: 0});
    const {labels} = await images();
    const next = [...made.positions].map(
      (position) => ((labels[position] ?? 0) + 1) % facts.num_classes,
    );
    expect([...made.labels]).toEqual(next);
  });

  it('rounds the share of a batch down, and keeps the partial last batch', async () => {
    // Batches of 12, 12 and 8: 0.2 of them are 2.4, 2.4 and 1.6.
    const made = await poisonedTrain({...WANET, poisonRate: 0.2}, {batchSize: 12});
    expect([...made.positions.filter((_, i) => made.cross[i] === 0)]).toEqual([0, 1, 12, 13, 24]);
  });

  it('poisons one image of a batch now and then where the share is less than one', async () => {
    const made = await poisonedTrain({...WANET, poisonRate: 0.5, crossRatio: 0}, {batchSize: 1});
    expect(made.positions.length).toBeGreaterThan(5);
    expect(made.positions.length).toBeLessThan(27); // 3.9 standard deviations
  });

  it('never exceeds the batch', async () => {
    const made = await poisonedTrain({...WANET, poisonRate: 0.75, crossRatio: 5});
    expect([...made.positions]).toEqual([...range(32)]);
  });

  it.each(ATTACKS)('changes the images of $kind', async (attack) => {
    const made = await poisonedTrain(attack);
    const {images: clean, height, width} = await images();
    const bytes = 3 * height * width;
    for (const [i, position] of made.positions.entries()) {
      const before = clean.subarray(position * bytes, (position + 1) * bytes);
      const after = made.images.subarray(i * bytes, (i + 1) * bytes);
      const changed = after.filter((value, k) => Math.abs(value - (before[k] ?? 0)) > 1).length;
      expect(changed, `image ${position}`).toBeGreaterThan(bytes / 20);
    }
  });
});

describe('the test sets of an attack in the batches', () => {
  it('are the other classes poisoned, and all images disturbed under their own label', async () => {
    using session = await openSession();
    await session.trainAttack(TRAIN, WANET);
    const {labels} = await images();
    const poisoned = await session.poisonImages('poisonedTest');
    const others = [...range(32)].filter((i) => labels[i] !== 1);
    expect([...poisoned.positions]).toEqual(others);
    expect(new Set(poisoned.labels)).toEqual(new Set([1]));
    const crossed = await session.poisonImages('crossTest');
    expect([...crossed.positions]).toEqual([...range(32)]);
    expect([...crossed.labels]).toEqual([...labels]);
    expect(crossed.images).toHaveLength((poisoned.images.length / others.length) * 32);
  });

  it('are measured: ASR counts the poisoned ones, made from the clean ones', async () => {
    using session = await openSession();
    const reports = await session.trainAttack({...TRAIN, epochs: 2, evalEvery: 1}, BPP);
    const {labels} = await images();
    const others = [...labels].filter((label) => label !== 1).length;
    for (const {metrics} of reports) {
      expect(metrics).toMatchObject({cleanCount: 32, poisonedCount: others});
    }
    expect(await session.evaluate('trainee', 8)).toEqual(reports.at(-1)?.metrics);
  });

  it('lose a gray level here and there on their way through the scale of the model', async () => {
    const {mean, std} = KNOWN.cifar10;
    const ramp = Uint8Array.from({length: 3 * 256}, (_, i) => i % 256);
    const labels = Int32Array.of(0);
    const set = {
      ...{images: ramp, labels, trueLabels: labels, originalIndices: range(1)},
      ...{count: 1, height: 16, width: 16},
    };
    using session = await openSession({mean, std}, set);
    await session.trainAttack(TRAIN, {...BPP, mean, std, levels: 256});
    const {images: stored} = await session.poisonImages('poisonedTest');
    const oracle = floatsOf(await tensorsOf('attacks.pt'), 'rounding.levels');
    const expected = ramp.map((level, i) => oracle[3 * level + Math.floor(i / 256)] ?? 0);
    expect(stored).toEqual(Buffer.from(expected));
    const lower = expected.filter((level, i) => level === (ramp[i] ?? 0) - 1).length;
    const same = expected.filter((level, i) => level === ramp[i]).length;
    expect(lower + same).toBe(ramp.length);
    expect(lower / 3).toBeGreaterThan(40);
    expect(lower / 3).toBeLessThan(90);
  });
});
