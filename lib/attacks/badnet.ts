import type {ImageSize} from '../datasets/decode.js';
import {resizedPlanes} from '../datasets/rgb_image.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {readPicture} from './option_files.js';
import type {Trigger} from './trigger.js';

/** The patches are drawn at this size, then resized to the images'. */
const DRAWN_SIDE = 32;
const WHITE = 255;
/** 1, not 0, because 0 lets the image show through. */
const BLACK = 1;

/** Gray levels of the bottom right corner, row by row. */
const PATCHES = {
  white: [
    [WHITE, WHITE, WHITE],
    [WHITE, WHITE, WHITE],
    [WHITE, WHITE, WHITE],
  ],
  checkerboard: [
    [WHITE, BLACK, WHITE],
    [BLACK, WHITE, BLACK],
    [WHITE, BLACK, WHITE],
  ],
} as const;

/** Interleaved [32,32,3], black but for the patch in the bottom right corner. */
function drawPatch(patch: keyof typeof PATCHES): Uint8Array {
  const rows = PATCHES[patch];
  const data = new Uint8Array(DRAWN_SIDE * DRAWN_SIDE * 3);
  for (const [y, row] of rows.entries()) {
    for (const [x, level] of row.entries()) {
      const at = (DRAWN_SIDE - rows.length + y) * DRAWN_SIDE + DRAWN_SIDE - row.length + x;
      data.fill(level, at * 3, at * 3 + 3);
    }
  }
  return data;
}

/** Every non-zero value of the mask, planes [3,H,W], replaces the image's, channel by channel. */
function stamp(mask: Uint8Array): Trigger {
  const opaque = [...mask.entries()].filter(([, value]) => value !== 0);
  return (image) => {
    const stamped = image.slice();
    for (const [i, value] of opaque) stamped[i] = value;
    return stamped;
  };
}

/**
 * BadNets (specification B4.1): a built-in patch, 3x3 in the bottom right corner at 32x32, resized bilinearly for
 * other sizes, where its edges are gray; or the user's own picture over the whole image, whose black parts are
 * transparent.
 * @throws SauError ERR_CONFIG for a patch that is neither built in nor a file, ERR_DATASET for a file that is not a
 * picture
 */
export async function badnet(
  {patch}: OwnOptions<'badnet'>,
  context: Pick<AttackContext, 'size' | 'run'>,
): Promise<Triggers> {
  const trigger = stamp(
    isBuiltIn(patch)
      ? await builtInMask(patch, context.size)
      : await readPicture('patch', patch, Object.keys(PATCHES), context),
  );
  return {train: trigger, test: trigger};
}

function isBuiltIn(patch: string): patch is keyof typeof PATCHES {
  return Object.hasOwn(PATCHES, patch);
}

async function builtInMask(patch: keyof typeof PATCHES, size: ImageSize): Promise<Uint8Array> {
  const drawn = {data: drawPatch(patch), height: DRAWN_SIDE, width: DRAWN_SIDE};
  return resizedPlanes(drawn, size);
}
