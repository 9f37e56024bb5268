import type {OwnOptions} from '../config/attack_table.js';
import type {ImageSize} from '../datasets/decode.js';
import {SauError} from '../errors.js';
import {addPattern} from './add_pattern.js';
import type {AttackContext, Triggers} from './attacks.js';
import {type ImageArray, readImageArray} from './image_array.js';

/** The signs are placed on a grid of this side, then resized to the images'. */
const GRID = 32;
/** By distance from the nearest horizontal edge, then from the nearest vertical edge. */
const TOP = ['+--', '-+-', '+-+'] as const;
const BOTTOM = ['+-+', '-+-', '+--'] as const;

/** +1 or -1 in the four corners of the grid, 0 elsewhere. */
function signAt(row: number, column: number): number {
  const blocks = row < GRID / 2 ? TOP : BOTTOM;
  const sign = blocks[Math.min(row, GRID - 1 - row)]?.[Math.min(column, GRID - 1 - column)];
  return sign === undefined ? 0 : sign === '+' ? 1 : -1;
}

/** The grid position nearest to the centre of pixel `i` of `side`. */
function gridPosition(i: number, side: number): number {
  return Math.floor(((i + 0.5) * GRID) / side);
}

function cornerPattern({height, width}: ImageSize, amplitude: number): Float64Array {
  const area = height * width;
  return Float64Array.from({length: 3 * area}, (_, i) => {
    const row = gridPosition(Math.floor((i % area) / width), height);
    return signAt(row, gridPosition(i % width, width)) * 255 * amplitude;
  });
}

/**
 * Label-consistent (specification B4.6): signs in the four corners. At training time they are on adversarial
 * versions of the images, which come from an array with one per original index.
 * @throws SauError ERR_CONFIG without that array, ERR_DATASET for one of another shape or type
 */
export async function lc(
  {adversarialImages, amplitude}: OwnOptions<'lc'>,
  context: AttackContext,
): Promise<Triggers> {
  if (adversarialImages === null) {
    throw new SauError(
      'ERR_CONFIG',
      'Expected the array of the adversarial training images for --adversarial-images but received nothing',
    );
  }
  const adversarial = await readImageArray(
    'adversarialImages',
    adversarialImages,
    'train',
    context,
  );
  return lcTriggers(adversarial, amplitude, context.size);
}

/** The triggers with the adversarial versions of the training images at hand. */
export function lcTriggers(adversarial: ImageArray, amplitude: number, size: ImageSize): Triggers {
  const test = addPattern(cornerPattern(size, amplitude));
  return {train: (_, originalIndex) => test(adversarial(originalIndex), originalIndex), test};
}
