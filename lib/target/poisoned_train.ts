import {SauError} from '../base/errors.js';
import {loadPoisonedPngs} from '../datasets/decode.js';
import type {ImageSet} from '../datasets/image_set.js';
import {named} from '../options/named.js';
import {pythonSample} from '../random/samples.js';
import {createPngResolver} from '../records/record_paths.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {Target} from './target.js';

/**
 * So many images of the training set that a record's model was trained on, drawn by the seed: poisoned ones as the
 * record has them, all others from the data set; all of them where there are not so many. Throws ERR_CONFIG where
 * the record has none, ERR_DATASET.
 */
export async function loadPoisonedTrain(
  {record, folders, dataset, size, checkpoint}: Target,
  {count, seed, method}: {count: number; seed: number; method: string},
  run: RunOptions,
): Promise<ImageSet> {
  const state = record?.poisonedTrain ?? null;
  if (record === null || state === null || dataset === null) {
    const missing =
      state === null
        ? `${checkpoint.path} is no record with a poisoned training set`
        : 'its data set was not found';
    throw new SauError(
      'ERR_CONFIG',
      `Expected poisoned training images for ${named('method')} ${method} but ${missing}.`,
      {
        remedy: `Name the record of the attack, and its data set with ${named('data')}, or choose a method that takes clean images alone, such as anp.`,
        details: {path: checkpoint.path},
      },
    );
  }
  const {originalIndices, poisonIndicator, items} = state;
  const drawn = pythonSample(originalIndices.length, Math.min(count, originalIndices.length), seed);
  const indices = drawn.map((position) => originalIndices[position] ?? 0);
  const clean = indices.filter((index) => poisonIndicator[index] !== 1);
  const resolver = createPngResolver(record.path, folders);
  const pngs = [];
  for (const originalIndex of indices.filter((index) => poisonIndicator[index] === 1)) {
    const item = items.get(originalIndex);
    if (item === undefined) continue;
    pngs.push({...item, originalIndex, path: await resolver.resolve(item.path)});
  }
  const loading = {signal: run.signal, onImages: imageCounter(run, 'reading')};
  const sets = [
    ...(clean.length > 0 ? [await dataset.loadTrain(clean, loading)] : []),
    ...(pngs.length > 0 ? [await loadPoisonedPngs(pngs, size, loading)] : []),
  ];
  return joined(sets, size);
}

/** Sets of one size one after another. */
function joined(
  sets: readonly ImageSet[],
  {height, width}: {height: number; width: number},
): ImageSet {
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const result = {
    images: new Uint8Array(count * 3 * height * width),
    labels: new Int32Array(count),
    trueLabels: new Int32Array(count),
    originalIndices: new Int32Array(count),
  };
  let at = 0;
  for (const set of sets) {
    result.images.set(set.images, at * 3 * height * width);
    result.labels.set(set.labels, at);
    result.trueLabels.set(set.trueLabels, at);
    result.originalIndices.set(set.originalIndices, at);
    at += set.count;
  }
  return {...result, count, height, width};
}
