import type {ImageSize} from '../datasets/decode.js';
import {selectImages} from '../datasets/image_set.js';
import type {NativeAdversarialOptions} from '../native/attack_contract.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {GENERATOR_DEFAULTS} from '../options/defaults.js';
import {addPattern} from './add_pattern.js';
import {type AttackContext, openCleanSession, type Triggers} from './attack_context.js';
import {type ImageArray, readImageArray} from './option_files.js';

/** Gray levels that one unit of the [0,1] pixel scale spans. */
const GRAY_LEVELS = 255;
/** The signs are placed on a grid of this side, then resized to the images'. */
const GRID = 32;
/**
 * The signs: one string for each distance from the nearest horizontal edge, one character for each distance from
 * the nearest vertical edge.
 */
const TOP = ['+--', '-+-', '+-+'] as const;
const BOTTOM = ['+-+', '-+-', '+--'] as const;

/** +1 or -1 in the four corners of the grid, 0 elsewhere. */
function signAt(row: number, column: number): number {
  const blocks = row < GRID / 2 ? TOP : BOTTOM;
  const sign = blocks[Math.min(row, GRID - 1 - row)]?.[Math.min(column, GRID - 1 - column)];
  return sign === undefined ? 0 : sign === '+' ? 1 : -1;
}

/** The grid position of pixel `i` of `side`, by its corner and not its center, as PyTorch's `nearest` takes it. */
function gridPosition(i: number, side: number): number {
  return Math.floor((i * GRID) / side);
}

function cornerPattern({height, width}: ImageSize, amplitude: number): Float64Array {
  const area = height * width;
  return Float64Array.from({length: 3 * area}, (_, i) => {
    const row = gridPosition(Math.floor((i % area) / width), height);
    return signAt(row, gridPosition(i % width, width)) * GRAY_LEVELS * amplitude;
  });
}

/**
 * Label-consistent (specification B4.6): signs in the four corners. In training they are on adversarial versions of
 * the images. These come from an array with one version per original index, or are made now against a clean model.
 * @throws SauError ERR_CONFIG for a file that is not there, ERR_DATASET for one of another shape or type
 */
export async function lc(options: OwnOptions<'lc'>, context: AttackContext): Promise<Triggers> {
  const {adversarialImages, amplitude} = options;
  const adversarial =
    adversarialImages === null
      ? await generated(context, options)
      : await readImageArray('adversarialImages', adversarialImages, 'train', context);
  const test = addPattern(cornerPattern(context.size, amplitude));
  return {train: (_, originalIndex) => test(adversarial(originalIndex), originalIndex), test};
}

async function generated(
  context: AttackContext,
  {cleanModel, pgdSteps, pgdStepSize, pgdBound}: OwnOptions<'lc'>,
): Promise<ImageArray> {
  const images = await generateLcImages(context, context.poisoned, cleanModel, {
    ...GENERATOR_DEFAULTS.lcImages,
    steps: pgdSteps,
    stepSize: pgdStepSize / GRAY_LEVELS,
    bound: pgdBound / GRAY_LEVELS,
  });
  return (originalIndex) => {
    const image = images.get(originalIndex);
    if (image !== undefined) return image;
    throw new Error(`Expected training image ${originalIndex} among those to poison`);
  };
}

/**
 * LC's adversarial versions of training images (specification B4.6): untargeted PGD from each image, by default 100
 * steps of 1.5/255 within 8/255, truncated to 8 bits, by original index, planes [3,H,W]. The official arrays come
 * from an adversarially trained network on plain pixels. Ours come from a clean model of the victim's architecture,
 * so they transfer less and look noisier. The clean model also sees plain pixels, unless `normalize` is on. 100
 * steps for thousands of images take hours on a CPU; `steps` bounds it.
 * @param positions Training images to change: those to poison
 * @param cleanModel Checkpoint of the clean model; null trains one now
 * @throws SauError ERR_CHECKPOINT if the weights do not fit the architecture
 */
export async function generateLcImages(
  context: AttackContext,
  positions: Int32Array,
  cleanModel: string | null,
  options: NativeAdversarialOptions,
): Promise<Map<number, Uint8Array>> {
  const {train, run} = context;
  const clean = await selectImages(train, positions);
  using session = await openCleanSession(context, cleanModel);
  await session.setImages('train', clean);
  run.onProgress?.({kind: 'stage', message: 'making adversarial images'});
  const images = await session.adversarialImages(options, run);
  const bytes = 3 * clean.height * clean.width;
  return new Map(
    Array.from(clean.originalIndices, (index, i) => [
      index,
      images.subarray(i * bytes, (i + 1) * bytes),
    ]),
  );
}
