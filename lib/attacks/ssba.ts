import type {OwnOptions} from '../config/attack_table.js';
import {SauError} from '../errors.js';
import type {AttackContext, Triggers} from './attacks.js';
import {type ImageArray, readImageArray} from './image_array.js';
import type {Trigger} from './trigger.js';

/**
 * SSBA (specification B4.5): every image is replaced by a version of it that hides a secret, from arrays
 * with one such version per original index of either split.
 * @throws SauError ERR_CONFIG without both arrays, ERR_DATASET for arrays of another shape or type
 */
export async function ssba(
  {trainImages, testImages}: OwnOptions<'ssba'>,
  context: AttackContext,
): Promise<Triggers> {
  if (trainImages === null || testImages === null) {
    throw new SauError(
      'ERR_CONFIG',
      'Expected the arrays of the encoded images for --train-images and --test-images but received ' +
        (trainImages === testImages ? 'neither' : 'only one'),
    );
  }
  return {
    train: replaceBy(await readImageArray('trainImages', trainImages, 'train', context)),
    test: replaceBy(await readImageArray('testImages', testImages, 'test', context)),
  };
}

function replaceBy(images: ImageArray): Trigger {
  return (_, originalIndex) => images(originalIndex);
}
