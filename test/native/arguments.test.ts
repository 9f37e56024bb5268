import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {Session} from '../../lib/session/session.js';
import {errorOf} from '../support/error_of.js';
import {imageSetOf, range, tensorOf, tensorsOf} from '../support/oracle.js';
import {
  loadedSession,
  PGD,
  sauOptions,
  tinySession,
  UNLEARN,
  type Unlearning,
} from '../support/sessions.js';

const COUNT = 14;
const VALUES = 3 * 16 * 16;

const images = async (): Promise<ImageSet> => imageSetOf(await tensorsOf('rounds.pt'));
const ready = async (): Promise<Session> => loadedSession(await images());

/** Memory that a job must not read from: it can change or go away under it. */
const UNFIT = {
  shared: () => new Int32Array(new SharedArrayBuffer(4 * COUNT)),
  resizable: () => {
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: {maxByteLength: number},
    ) => ArrayBuffer;
    return new Int32Array(new Resizable(4 * COUNT, {maxByteLength: 8 * COUNT}));
  },
  detached: () => {
    const array = new Int32Array(COUNT);
    structuredClone(array.buffer, {transfer: [array.buffer]});
    return array;
  },
} as const;

describe.each(Object.entries(UNFIT))('a %s buffer is refused', (kind, make) => {
  it('by setImages, perturb and unlearn, which go on to work with a copy', async () => {
    using session = await ready();
    const set = await images();
    const calls = [
      () => session.setImages('train', {...set, labels: make()}),
      () => session.perturb('cleanSubset', make(), PGD),
      () => session.defend(sauOptions({...UNLEARN, batchOrder: make()})),
    ];
    for (const call of calls) {
      const {message} = await errorOf(call(), 'ERR_CONFIG');
      expect(message).toMatch(new RegExp(`^Expected an Int32Array for \\w+ .* is ${kind}\\. Pass`));
      expect(session.busy).toBe(false);
    }
    const copy = kind === 'detached' ? new Int32Array(COUNT) : make().slice();
    await session.setImages('train', {...set, labels: copy});
  });
});

describe('images of another length are refused', () => {
  it.each<[string, Partial<ImageSet>, string]>([
    ['images', {images: new Uint8Array(VALUES)}, '10752 elements for images ([14, 3, 16, 16])'],
    ['labels', {labels: new Int32Array(13)}, '14 elements for labels'],
    ['trueLabels', {trueLabels: new Int32Array(15)}, '14 elements for trueLabels'],
    ['count', {count: 0}, 'integer > 0 for count but received 0'],
    ['height', {height: -16}, 'integer > 0 for height but received -16'],
    ['width', {width: 1.5}, 'integer > 0 for width but received 1.5'],
  ])('%s', async (_, wrong, words) => {
    using session = await tinySession();
    const call = session.setImages('cleanSubset', {...(await images()), ...wrong});
    expect((await errorOf(call, 'ERR_DATASET')).message).toContain(words);
  });

  it('and the images that were there stay', async () => {
    using session = await ready();
    const wrong = {...(await images()), labels: new Int32Array(3)};
    await errorOf(session.setImages('cleanSubset', wrong), 'ERR_DATASET');
    expect(await session.predict('trainee', 'cleanSubset')).toHaveLength(COUNT);
  });
});

describe('positions are refused', () => {
  it.each<[string, number[], string]>([
    ['one too high', [0, COUNT], 'positions from 0 to 13 for indices but received 14 at [1]'],
    ['a negative one', [-1], 'positions from 0 to 13 for indices but received -1 at [0]'],
    ['none', [], 'at least one position'],
  ])('of images: %s', async (_, positions, words) => {
    using session = await ready();
    const indices = Int32Array.from(positions);
    const delta = new Float32Array(indices.length * VALUES);
    for (const call of [
      () => session.perturb('cleanSubset', indices, PGD),
      () => session.outerGradient('cleanSubset', indices, delta, UNLEARN.loss),
    ]) {
      expect((await errorOf(call(), 'ERR_DATASET')).message).toContain(words);
    }
  });

  it.each<[string, Int32Array, string]>([
    ['too few', range(27), '28 elements for batchOrder (2 rounds of 14 images; none to shuffle)'],
    ['one too high', range(28), 'positions from 0 to 13 for batchOrder but received 14 at [14]'],
  ])('of a batch order: %s', async (_, batchOrder, words) => {
    using session = await ready();
    const error = await errorOf(session.defend(sauOptions({...UNLEARN, batchOrder})), 'ERR_CONFIG');
    expect(error.message).toContain(words);
  });

  it('of images that were not set, by the role', async () => {
    using session = await ready();
    const error = await errorOf(session.perturb('train', range(2), PGD), 'ERR_DATASET');
    expect(error.message).toContain("images for 'train'");
  });
});

describe('of another length are refused', () => {
  it('a perturbation', async () => {
    using session = await ready();
    const call = session.outerGradient(
      'cleanSubset',
      range(2),
      new Float32Array(VALUES),
      UNLEARN.loss,
    );
    const {message} = await errorOf(call, 'ERR_DATASET');
    expect(message).toContain('1536 elements for delta (2 images of 768 values) but received 768');
  });

  it('the bytes of a weight', async () => {
    using session = await ready();
    const name = 'linear.weight';
    const weights = new Map(await tensorsOf('tiny_trainee.pt'));
    const weight = tensorOf(weights, name);
    weights.set(name, {...weight, data: weight.data.subarray(4)});
    const {message} = await errorOf(session.loadStateDict(weights), 'ERR_CHECKPOINT');
    expect(message).toMatch(/elements for the data of 'linear\.weight' \(float32 \[\d+, \d+\]\)/);
  });

  it('the planes of a start picture', async () => {
    using session = await ready();
    const picture = {planes: new Uint8Array(5), height: 16, width: 16};
    const options = {neurons: 1, steps: 1, target: 1, stepSize: 1, bound: 1, stopBelow: 0};
    const call = session.trojanTrigger(picture, {...options, normalize: true});
    const {message} = await errorOf(call, 'ERR_DATASET');
    expect(message).toContain('768 elements for the planes of the start picture ([3, 16, 16])');
  });
});

it('a secret of other than bits is refused', async () => {
  using session = await ready();
  const options = {
    ...{epochs: 1, batchSize: 1, learningRate: 1, accuracyGoal: 1},
    ...{waitSteps: 1, rampSteps: 1, imageWeight: 1},
  };
  for (const [secret, words] of [
    [new Uint8Array(0), 'received none'],
    [Uint8Array.of(0, 2), 'received the value 2'],
  ] as const) {
    const {message} = await errorOf(session.stegaImages(secret, options), 'ERR_CONFIG');
    expect(message).toContain(words);
  }
});

it('an array of another realm is taken as what it is', async () => {
  const {runInNewContext} = await import('node:vm');
  using session = await ready();
  const foreign: Int32Array = runInNewContext('new Int32Array(28)');
  expect(foreign).not.toBeInstanceOf(Int32Array);
  const options: Unlearning = {...UNLEARN, batchOrder: foreign};
  expect(await session.defend(sauOptions(options))).toHaveLength(2);
});
