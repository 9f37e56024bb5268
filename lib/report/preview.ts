import {join} from 'node:path';
import type {Dataset} from '../datasets/dataset.js';
import type {ImageSet} from '../datasets/image_set.js';
import {RECORD} from '../records/layout.js';
import {differenceOf, pick, spread} from './samples.js';
import {writeStrip} from './strip.js';

/** Images in a row. */
const IMAGES = 8;
/** How much the difference is enlarged: some triggers change a pixel by two or three levels of 256. */
const FACTOR = 10;
/** Side that the images have on the sheet, as near as a whole number of times theirs comes, in pixels. */
const SHOWN_SIDE = 96;

/**
 * Draws some poisoned training images below what they were, and below them the difference: ten times and
 * signed, so that middle grey is none. Returns the path. Throws ERR_OUTPUT or ERR_DATASET.
 */
export async function writePreview(
  folder: string,
  dataset: Dataset,
  {poisonedTrain}: {readonly poisonedTrain: ImageSet},
  signal?: AbortSignal,
): Promise<string> {
  const path = join(folder, RECORD.preview);
  const chosen = spread(poisonedTrain.count, IMAGES);
  const indices = chosen.map((position) => poisonedTrain.originalIndices[position] ?? 0);
  const before = await dataset.loadTrain(indices, {signal});
  const clean = pick(before, Int32Array.from(chosen.keys()));
  const poisoned = pick(poisonedTrain, chosen);
  const difference = poisoned.map((image, i) => differenceOf(clean[i] ?? image, image, FACTOR));
  const size = poisonedTrain.height;
  await writeStrip(path, {
    rows: [
      {label: 'clean', images: clean},
      {label: 'poisoned', images: poisoned},
      {label: `grey + ${FACTOR} x difference`, images: difference},
    ],
    size,
    scale: Math.max(1, Math.round(SHOWN_SIDE / size)),
  });
  return path;
}
