import {cp} from 'node:fs/promises';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import type {DefendResult} from '../../lib/index.js';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, SCALE, useWorld} from '../support/world.js';

describe.skipIf(!IS_BUILT)('an evaluation', () => {
  const world = useWorld();
  let defense: DefendResult;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    defense = await builtPackage().defend({
      ...CPU,
      ckpt: world.record,
      clean: '20',
      rounds: 2,
      batchSize: 8,
      learningRate: 0.01,
    });
  });

  it('of a defense finds its record and measures what the defense measured', async () => {
    const {metrics, before, der} = await builtPackage().evaluate({
      ...CPU,
      ckpt: defense.files.checkpoint,
    });
    expect(metrics).toEqual(defense.after);
    expect([before, der]).toEqual([null, null]);
  });

  it('against the attacked model gives DER as computed by hand', async () => {
    const {metrics, before, der} = await builtPackage().evaluate({
      ...CPU,
      ckpt: defense.files.checkpoint,
      against: world.record,
    });
    expect(metrics).toEqual(defense.after);
    expect(before).toEqual(defense.before);
    const asrDrop = Math.max(0, (before?.asr ?? 0) - (metrics.asr ?? 0));
    const accDrop = Math.max(0, (before?.acc ?? 0) - (metrics.acc ?? 0));
    expect(asrDrop - accDrop).not.toBe(0);
    expect(der).toBeCloseTo((asrDrop - accDrop + 1) / 2, 12);
  });

  it('against weights without a record measures what the checkpoint itself has', async () => {
    const {stateDict, modelName, numClasses} = await builtPackage().readCheckpoint(world.record);
    const bare = join(world.folder, 'bare.pt');
    await builtPackage().writeCheckpoint(bare, {
      modelName: modelName ?? '',
      numClasses: numClasses ?? 0,
      stateDict,
    });
    const {metrics, before} = await builtPackage().evaluate({
      ...CPU,
      ckpt: defense.files.checkpoint,
      against: bare,
    });
    expect(metrics).toEqual(defense.after);
    expect(before).toEqual(defense.before);
  });

  it('of damaged weights rejects with ERR_DIVERGED and names their file, and so does a defense', async () => {
    const checkpoint = await builtPackage().readCheckpoint(defense.files.checkpoint ?? '');
    const broken = new Map(checkpoint.stateDict);
    const bias = new Float32Array(10).fill(Number.NaN);
    broken.set('linear.bias', {
      dtype: 'float32',
      shape: [10],
      data: new Uint8Array(bias.buffer),
    });
    const ckpt = join(world.folder, 'broken.pt');
    await builtPackage().writeCheckpoint(ckpt, {
      ...{modelName: 'preactresnet18_w8', numClasses: 10, stateDict: broken},
    });
    const common = {...CPU, ckpt, data: world.data, ...SCALE};
    const out = join(world.folder, 'diverged');
    for (const running of [
      builtPackage().evaluate(common),
      builtPackage().defend({...common, clean: '20', out}),
    ]) {
      await expect(running).rejects.toMatchObject({
        code: 'ERR_DIVERGED',
        message: expect.stringMatching(
          /^Expected finite logits for the clean test images but those of 50 of 50 images .*broken\.pt/,
        ),
        details: {path: ckpt},
      });
    }
    expect(namesIn(out)).toEqual([]);
  });

  it('of weights elsewhere takes the poisoned test set from the record it is given', async () => {
    const elsewhere = join(world.folder, 'elsewhere', 'purified.pt');
    await cp(defense.files.checkpoint ?? '', elsewhere);
    const {metrics} = await builtPackage().evaluate({
      ...CPU,
      ckpt: elsewhere,
      poisoned: world.record,
    });
    expect(metrics).toEqual(defense.after);
  });

  it('of weights elsewhere without any test images is refused with what to name', async () => {
    const elsewhere = join(world.folder, 'alone', 'purified.pt');
    await cp(defense.files.checkpoint ?? '', elsewhere);
    const alone = builtPackage().evaluate({...CPU, ...SCALE, ckpt: elsewhere});
    await expect(alone).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringMatching(
        /Expected test images to measure .*purified\.pt on but found neither .*data.*, or .*poisoned/,
      ),
    });
  });

  it('of the first images measures those whose index is below the limit', async () => {
    const {metrics} = await builtPackage().evaluate({...CPU, ckpt: world.record, testLimit: 20});
    const {record} = await builtPackage().readCheckpoint(world.record);
    const below = [...(record?.poisonedTest?.originalIndices ?? [])].filter((i) => i < 20);
    expect([metrics.cleanCount, metrics.poisonedCount]).toEqual([20, below.length]);
  });

  it('does not depend on the batch size but for the losses', async () => {
    const {evaluate} = builtPackage();
    const [all, some] = await Promise.all([
      evaluate({...CPU, ckpt: world.record}),
      evaluate({...CPU, ckpt: world.record, batchSize: 7}),
    ]);
    const rates = ({acc, asr, ra}: typeof all.metrics) => ({acc, asr, ra});
    expect(rates(some.metrics)).toEqual(rates(all.metrics));
    expect(some.metrics.cleanLoss).toBeCloseTo(all.metrics.cleanLoss ?? 0, 1);
  });
});
