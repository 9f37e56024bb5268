import {resizeBilinear, writePlanes} from '../datasets/rgb_image.js';
import {ATTACK_TABLE, type OwnOptions} from '../options/attacks/attacks.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {drawBlendedPattern} from './blended_pattern.js';
import {readPicture} from './picture_file.js';
import {clipToByte} from './to_byte.js';
import type {Trigger} from './trigger.js';

const BUILT_IN: readonly string[] = ATTACK_TABLE.blended.options.pattern.choices;

/**
 * Blended (specification B4.2): mixes every image with a picture over the whole image, the built-in one or
 * the user's own, with separate weights in training and test.
 * @throws SauError ERR_CONFIG for a pattern that is neither built in nor a file, ERR_DATASET for a file that is not
 * a picture
 */
export async function blended(
  {pattern, trainAlpha, testAlpha}: OwnOptions<'blended'>,
  context: Pick<AttackContext, 'size' | 'run'>,
): Promise<Triggers> {
  const planes = BUILT_IN.includes(pattern)
    ? await builtInPattern(context)
    : await readPicture('pattern', pattern, BUILT_IN, context);
  return {train: blend(planes, trainAlpha), test: blend(planes, testAlpha)};
}

async function builtInPattern({size}: Pick<AttackContext, 'size'>): Promise<Uint8Array> {
  const resized = await resizeBilinear(drawBlendedPattern(), size.height, size.width);
  const planes = new Uint8Array(resized.data.length);
  writePlanes(resized, planes, 0);
  return planes;
}

/** The image's share is computed in double, the pattern's in single precision, their sum in double. */
function blend(pattern: Uint8Array, alpha: number): Trigger {
  const single = Math.fround(alpha);
  const shares = Float32Array.from(pattern, (level) => single * level);
  return (image) => {
    const mixed = new Uint8Array(image.length);
    for (let i = 0; i < image.length; i++) {
      mixed[i] = clipToByte((1 - alpha) * (image[i] ?? 0) + (shares[i] ?? 0));
    }
    return mixed;
  };
}
