import {selectImages} from '../datasets/image_set.js';
import type {NativeAdversarialOptions} from '../native/attack_contract.js';
import type {AttackContext} from './attack_context.js';
import {openCleanSession} from './clean_session.js';

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
