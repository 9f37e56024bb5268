import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {imageSetOf, range, tensorsOf} from '../support/oracle.js';
import {loadedSession, PGD} from '../support/sessions.js';
import {openSession, TRAIN, WANET} from '../support/training_attacks.js';

/** Images that both models know apart from those of `tiny_batch`: 14 instead of 6. */
const more = async (): Promise<ImageSet> => imageSetOf(await tensorsOf('rounds.pt'));
const few = async (): Promise<ImageSet> => imageSetOf(await tensorsOf('tiny_batch.pt'));

/** As many images in another order. */
function reversed(set: ImageSet): ImageSet {
  const bytes = set.images.length / set.count;
  const order = Array.from(range(set.count)).reverse();
  const images = new Uint8Array(set.images.length);
  for (const [to, from] of order.entries()) {
    images.set(set.images.subarray(from * bytes, (from + 1) * bytes), to * bytes);
  }
  const pick = (labels: Int32Array) => Int32Array.from(order, (i) => labels[i] ?? 0);
  return {...set, images, labels: pick(set.labels), trueLabels: pick(set.trueLabels)};
}

describe('images that take the place of others', () => {
  it.each<[string, () => Promise<ImageSet>]>([
    ['as many', async () => reversed(await few())],
    ['more', more],
  ])('are perturbed as in a fresh session: %s', async (_, second) => {
    const set = await second();
    using fresh = await loadedSession(set);
    const expected = await fresh.perturb('cleanSubset', range(set.count), PGD);
    using session = await loadedSession(await few());
    await session.perturb('cleanSubset', range(6), PGD);
    await session.setImages('cleanSubset', set);
    expect(await session.perturb('cleanSubset', range(set.count), PGD)).toEqual(expected);
  });

  it('are perturbed as they are where a training has made them', async () => {
    using session = await openSession();
    await session.trainAttack({...TRAIN, evalEvery: 1}, WANET);
    const count = (await session.predict('reference', 'poisonedTest')).length;
    const perturbed = () => session.perturb('poisonedTest', range(count), PGD);
    await perturbed();
    await session.trainAttack({...TRAIN, evalEvery: 1}, {...WANET, warpStrength: 2});
    const {images, labels} = await session.poisonImages('poisonedTest');
    const delta = await perturbed();
    const set = {images: Uint8Array.from(images), labels, trueLabels: labels};
    const sizes = {count, height: 16, width: 16, originalIndices: range(count)};
    await session.setImages('train', {...set, ...sizes});
    expect(delta).toEqual(await session.perturb('train', range(count), PGD));
  });
});
