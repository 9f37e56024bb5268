import type {Dataset} from '../datasets/dataset.js';
import type {LoadOptions} from '../datasets/decode.js';
import {labelText} from '../datasets/label_text.js';
import {pick, spread, writeStrip} from './strip.js';

/** Rows of the sheet; of more classes these are spread evenly over them. */
const MOST_ROWS = 20;
/** Images in a row. */
const IMAGES = 8;
/** Side of the images on the sheet in pixels, as closely as a whole multiple of their own side comes. */
const SHOWN_SIDE = 64;

/**
 * Draws some training images of each class, a row for each, as a PNG.
 * @param dataset With square images
 * @param labels Of its training images; -1 where one is not to be drawn
 * @throws SauError ERR_OUTPUT, or ERR_DATASET for an image that cannot be decoded
 */
export async function writeContactSheet(
  path: string,
  dataset: Dataset,
  labels: Int32Array,
  loading: LoadOptions,
): Promise<void> {
  const {numClasses, classTitles, height: size} = dataset;
  const positions = Array.from({length: numClasses}, (): number[] => []);
  for (const [i, label] of labels.entries()) positions[label]?.push(i);
  const present = positions.flatMap((own, label) => (own.length === 0 ? [] : [{label, own}]));
  const shown = [...spread(present.length, MOST_ROWS)].flatMap((i) => present[i] ?? []);
  const chosen = shown.map(({label, own}) => ({
    label: labelText(label, classTitles[label]),
    positions: [...spread(own.length, IMAGES)].map((i) => own[i] ?? 0),
  }));
  const set = await dataset.loadTrain(
    chosen.flatMap((row) => row.positions),
    loading,
  );
  let next = 0;
  const rows = chosen.map((row) => {
    const slots = Int32Array.from(row.positions, () => next++);
    return {label: row.label, images: pick(set, slots)};
  });
  await writeStrip(path, {rows, size, scale: Math.max(1, Math.round(SHOWN_SIDE / size))});
}
