import {type RgbImage, resizedPlanes} from '../datasets/rgb_image.js';
import {ATTACK_TABLE, type OwnOptions} from '../options/attacks/attacks.js';
import {clipToByte} from './add_pattern.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {readPicture} from './option_files.js';
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
  return resizedPlanes(drawBlendedPattern(), size);
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

/** The pattern is drawn large, so that its copies look alike at every usual image size. */
const SIDE = 256;
/** In drawn pixels; at 32x32, the usual size, the narrowest wave is five pixels long. */
const STRIPE = 48;
const BAND = 40;
const RING = 52;

/** Rises from 0 to 255 and falls back along a period, in integers, so that every machine draws equal patterns. */
function triangle(position: number, period: number): number {
  const half = period / 2;
  const at = ((position % period) + period) % period;
  return Math.round((Math.min(at, period - at) * 255) / half);
}

/**
 * The pattern of `blended`, unless the user gives a picture: diagonal stripes in red, bands across them in green,
 * and square rings in blue.
 */
function drawBlendedPattern(): RgbImage {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = (y * SIDE + x) * 3;
      const fromCenter = Math.max(Math.abs(2 * x - SIDE + 1), Math.abs(2 * y - SIDE + 1)) / 2;
      data[at] = triangle(x + y, STRIPE);
      data[at + 1] = triangle(x - y, BAND);
      data[at + 2] = triangle(Math.floor(fromCenter), RING);
    }
  }
  return {data, height: SIDE, width: SIDE};
}
