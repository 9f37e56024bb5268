import {type ImageSet, selectImages} from '../datasets/image_set.js';
import type {NativeLfOptions} from '../native/attack_contract.js';
import {GENERATOR_DEFAULTS} from '../options/defaults.js';
import {numpyChoiceWithoutReplacement} from '../random/numpy_random.js';
import type {AttackContext} from './attack_context.js';
import {openCleanSession} from './clean_session.js';

export interface LfPatternOptions extends Omit<NativeLfOptions, 'targetLabel'> {
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
