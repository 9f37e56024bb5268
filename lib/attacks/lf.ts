import {SauError} from '../base/errors.js';
import type {ImageSize} from '../datasets/decode.js';
import {type ImageSet, selectImages} from '../datasets/image_set.js';
import {type NpyArray, readNpy, showShape} from '../datasets/npy.js';
import type {NativeLfOptions} from '../native/attack_contract.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {GENERATOR_DEFAULTS} from '../options/defaults.js';
import {numpyChoiceWithoutReplacement} from '../random/samples.js';
import {addPattern} from './add_pattern.js';
import {type AttackContext, openCleanSession, type Triggers} from './attack_context.js';
import {existingFile} from './option_files.js';

/** [3,H,W] planes in gray levels, added to every image. */
type LfPattern = Float32Array | Float64Array;

/**
 * LF (specification B4.4): adds a fixed pattern of low frequencies, in training and test alike. It comes from a
 * file, or is generated for a clean model.
 * @throws SauError ERR_CONFIG for a file that is not there, ERR_DATASET for one that does not fit the images
 */
export async function lf(
  {pattern, scaleFloats, cleanModel, passes}: OwnOptions<'lf'>,
  context: AttackContext,
): Promise<Triggers> {
  const trigger = addPattern(
    pattern === null
      ? Float32Array.from(
          await generateLfPattern(context, cleanModel, {...GENERATOR_DEFAULTS.lfPattern, passes}),
        )
      : await readLfPattern(pattern, scaleFloats, context),
  );
  return {train: trigger, test: trigger};
}

/**
 * Reads a pattern: (H,W), (H,W,3), or (N,H,W,3), of which the first is taken. A pattern of floats up to 1 is in
 * pixels of [0,1] and is multiplied by 255 unless `scaleFloats` is off. The official tool adds such a pattern
 * without scaling, which changes almost nothing.
 */
async function readLfPattern(
  path: string,
  scaleFloats: boolean,
  {size, run}: Pick<AttackContext, 'size' | 'run'>,
): Promise<LfPattern> {
  const array = await readNpy(await existingFile('pattern', path), {
    signal: run.signal,
    check: ({shape}) => checkShape(path, shape, size),
  });
  const pattern = toPlanes(array, size);
  let largest = 0;
  for (const value of pattern) largest = Math.max(largest, Math.abs(value));
  if (!Number.isFinite(largest)) {
    throw new SauError(
      'ERR_DATASET',
      `Expected finite numbers in the pattern ${path} but received others. Make the file anew, or leave the option out to generate a pattern`,
      {
        details: {path},
      },
    );
  }
  if (array.dtype === 'uint8' || largest > 1) return pattern;
  const range = `the pattern ${path} has floats up to ${largest}`;
  run.onProgress?.({
    kind: 'note',
    message: scaleFloats
      ? `${range}: multiplied by 255`
      : `${range}: added as it is, which changes next to nothing`,
  });
  return scaleFloats ? pattern.map((value) => value * 255) : pattern;
}

function checkShape(path: string, shape: readonly number[], {height, width}: ImageSize): void {
  const one = [height, width, ...(shape.length === 2 ? [] : [3])];
  const given = shape.length === 4 ? shape.slice(1) : shape;
  if (showShape(given) === showShape(one) && shape[0] !== 0) return;
  const forms = `(${height}, ${width}), (${height}, ${width}, 3) or (N, ${height}, ${width}, 3)`;
  throw new SauError(
    'ERR_DATASET',
    `Expected a pattern of shape ${forms} but ${path} has ${showShape(shape)}`,
    {details: {path, shape, height, width}},
  );
}

/** The first picture of the array as planes. A picture without channels fills all three. */
function toPlanes({data, shape, dtype}: NpyArray, {height, width}: ImageSize): LfPattern {
  const area = height * width;
  const step = shape.length === 2 ? 1 : 3;
  const planes = dtype === 'float64' ? new Float64Array(3 * area) : new Float32Array(3 * area);
  for (let i = 0; i < planes.length; i++) {
    const channel = step === 1 ? 0 : Math.floor(i / area);
    planes[i] = data[(i % area) * step + channel] ?? Number.NaN;
  }
  return planes;
}

interface LfPatternOptions extends Omit<NativeLfOptions, 'targetLabel'> {
  /** Random training images that the pattern grows from. */
  readonly images: number;
  /** Random test images on which the share of changed predictions is measured. */
  readonly evaluationImages: number;
}

/**
 * LF's pattern (specification B4.4, "Pattern generator") for a clean model: planes [3,H,W] of trunc(255 v), v in
 * [0, 0.2], to be added to images. The seed draws the images. The search makes passes of single images, which take
 * seconds each on a CPU at full width: up to 50 passes over 100 images take from minutes to an hour. `passes` and
 * `images` limit that.
 * @param cleanModel Checkpoint of the clean model; null trains one now
 * @throws SauError ERR_CHECKPOINT if the weights do not fit the architecture
 */
export async function generateLfPattern(
  context: AttackContext,
  cleanModel: string | null,
  options: LfPatternOptions = GENERATOR_DEFAULTS.lfPattern,
): Promise<Uint8Array> {
  const {train, test, seed, targetLabel, run} = context;
  const {images, evaluationImages, ...search} = options;
  using session = await openCleanSession(context, cleanModel);
  await session.setImages('train', await drawImages(train, images, seed));
  await session.setImages('cleanTest', await drawImages(test, evaluationImages, seed));
  run.onProgress?.({kind: 'stage', message: 'searching for a low-frequency pattern'});
  const {pattern, rate, passes} = await session.lfPattern({targetLabel, ...search}, run);
  run.onProgress?.({
    kind: 'note',
    message: `the pattern changes ${(100 * rate).toFixed(1)} % of the clean model's predictions after ${passes} passes`,
  });
  return pattern;
}

function drawImages(set: ImageSet, most: number, seed: number): Promise<ImageSet> {
  const count = Math.min(most, set.count);
  return selectImages(set, numpyChoiceWithoutReplacement(set.count, count, seed));
}
