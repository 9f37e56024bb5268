import {SauError} from '../base/errors.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {GENERATOR_DEFAULTS} from '../options/defaults.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {type ImageArray, readImageArray} from './image_array.js';
import {generateSsbaImages, type SsbaImageOptions} from './ssba_images.js';
import type {Trigger} from './trigger.js';

/**
 * SSBA (specification B4.5): every image is replaced by a version of it that hides a secret. The versions come from
 * an array for each split with one version per original index, or from an encoder that is trained now.
 * @throws SauError ERR_CONFIG for one array alone, ERR_DATASET for arrays of another shape or type
 */
export async function ssba(options: OwnOptions<'ssba'>, context: AttackContext): Promise<Triggers> {
  const {trainImages, testImages} = options;
  if (trainImages === null && testImages === null) {
    const {train, test} = await generateSsbaImages(context, encoderOptions(options));
    return {train: replaceBy(planesOf(train, context)), test: replaceBy(planesOf(test, context))};
  }
  if (trainImages === null || testImages === null) {
    throw new SauError(
      'ERR_CONFIG',
      'Expected the arrays of the encoded images for both trainImages and testImages, or for neither, which trains an encoder, but received only one. Give the other too, or leave both out',
    );
  }
  return {
    train: replaceBy(await readImageArray('trainImages', trainImages, 'train', context)),
    test: replaceBy(await readImageArray('testImages', testImages, 'test', context)),
  };
}

function encoderOptions(options: OwnOptions<'ssba'>): SsbaImageOptions {
  return {
    ...GENERATOR_DEFAULTS.ssbaImages,
    secret: options.secret,
    epochs: options.encoderEpochs,
    batchSize: options.encoderBatchSize,
    learningRate: options.encoderLearningRate,
    waitSteps: options.encoderWaitSteps,
    rampSteps: options.encoderRampSteps,
  };
}

/** The images of uint8 [N,3,H,W], copied one by one. */
function planesOf(images: Uint8Array, {size}: AttackContext): ImageArray {
  const bytes = 3 * size.height * size.width;
  return (originalIndex) => images.slice(originalIndex * bytes, (originalIndex + 1) * bytes);
}

function replaceBy(images: ImageArray): Trigger {
  return (_, originalIndex) => images(originalIndex);
}
