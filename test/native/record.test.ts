import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {chooseCleanSubset} from '../../lib/datasets/clean_subset.js';
import {openDataset} from '../../lib/datasets/open_dataset.js';
import type {NativeOuterGradient} from '../../lib/native/run_contract.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {createSession} from '../../lib/session/open_session.js';
import type {Session} from '../../lib/session/session.js';
import {expectBelow, relative, relativeL2} from '../support/closeness.js';
import {facts, floatsOf, integersOf, numbersOf, range, tensorsOf} from '../support/oracle.js';
import {PGD} from '../support/sessions.js';

/**
 * SAU_TEST_DATA holds CIFAR-10 (itself or in cifar/), SAU_TEST_RECORD a BackdoorBench record that the oracle's
 * fixture was made from; unless named that is record/badnet_demo of SAU_TEST_DATA.
 */
const root = process.env.SAU_TEST_DATA ?? '';
const cifar = existsSync(join(root, 'cifar')) ? join(root, 'cifar') : root;
const record = process.env.SAU_TEST_RECORD ?? join(root, 'record', 'badnet_demo');
const present = root !== '' && existsSync(cifar) && existsSync(record);
const expected = facts.record_batch64;

describe.skipIf(!present)('the record at full size (SAU_TEST_DATA, SAU_TEST_RECORD)', () => {
  const BOUND = Math.fround(0.2);
  let session: Session;
  let labels: Int32Array;

  beforeAll(async () => {
    const {model: _, mean, std} = facts;
    session = await createSession({
      device: 'cpu',
      seed: 0,
      threads: 1, // threads that wait for each other on a busy machine take longer
      model: 'preactresnet18',
      numClasses: 10,
      mean,
      std,
    });
    await session.loadStateDict((await readCheckpoint(record)).stateDict);
    const fixture = await tensorsOf('record_batch64.pt');
    const dataset = await openDataset({path: cifar});
    const batch = await dataset.loadTrain(integersOf(fixture, 'indices'));
    labels = batch.labels;
    await session.setImages('cleanSubset', batch);
  });

  afterAll(() => session.dispose());

  async function oracleDelta(): Promise<Float32Array> {
    return floatsOf(await tensorsOf('record_batch64.pt'), 'delta_code').map((code) => code * BOUND);
  }

  it("has the oracle's labels", async () => {
    expect(labels).toEqual(integersOf(await tensorsOf('record_batch64.pt'), 'labels'));
  });

  it("has the first images of the official tool's clean subset", async () => {
    const {indices} = await chooseCleanSubset({kind: 'ratio', ratio: 0.05}, 50_000, 0);
    expect(indices.slice(0, 64)).toEqual(
      integersOf(await tensorsOf('record_batch64.pt'), 'indices'),
    );
  });

  it("has at least 99.9 % of the oracle's perturbation, element by element", async () => {
    // Double precision keeps 99.99 % of the oracle's own: the sign of a gradient near 0 is rounding.
    const delta = await session.perturb('cleanSubset', range(64), {...PGD, steps: 5});
    const goal = await oracleDelta();
    expect(new Set(delta)).toEqual(new Set(goal));
    const different = delta.filter((value, i) => value !== goal[i]).length;
    expectBelow('share of other elements', different / delta.length, 0.001);
  });

  it("has the oracle's losses and gradient at the oracle's perturbation", async () => {
    const result: NativeOuterGradient = await session.outerGradient(
      'cleanSubset',
      range(64),
      await oracleDelta(),
      {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false},
    );
    const figures = [
      relative(result.cleanLoss, expected.clean_loss),
      relative(result.adversarialLoss, expected.adversarial_loss),
      relative(result.sharedLoss, expected.shared_loss),
      relative(result.loss, expected.loss),
    ];
    expectBelow('losses', Math.max(...figures), 1e-5);
    expect(Array.from(result.suspects, Boolean)).toEqual(expected.suspects);

    const fixture = await tensorsOf('record_batch64.pt');
    expect(result.gradient.map(({name}) => name)).toEqual(expected.parameter_names);
    const parts = result.gradient.map((tensor) => Float32Array.from(numbersOf(tensor)));
    const norms = parts.map((part) => Math.sqrt(part.reduce((sum, v) => sum + v * v, 0)));
    expectBelow('norms', relativeL2(norms, floatsOf(fixture, 'gradient_norms')), 1e-4);
    const samples = sampled(parts, expected.gradient_stride);
    expectBelow(
      'gradient samples',
      relativeL2(samples, floatsOf(fixture, 'gradient_samples')),
      1e-3,
    );
  });
});

/** Every `stride`-th element of the concatenation of the parts. */
function sampled(parts: readonly Float32Array[], stride: number): number[] {
  const samples: number[] = [];
  let start = 0;
  for (const part of parts) {
    for (let i = (stride - (start % stride)) % stride; i < part.length; i += stride) {
      samples.push(part[i] ?? Number.NaN);
    }
    start += part.length;
  }
  return samples;
}
