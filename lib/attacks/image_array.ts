import {SauError} from '../base/errors.js';
import {readNpy, showShape} from '../datasets/npy.js';
import {writePlanes} from '../datasets/rgb_image.js';
import type {AttackContext} from './attack_context.js';
import {existingFile} from './option_file.js';

/** The image of an original index, as new planes [3,H,W]. */
export type ImageArray = (originalIndex: number) => Uint8Array;

/** Gives the images of uint8 [N,H,W,3] as planes. Keeps the array and does not copy it. */
export function imageArray(
  data: Uint8Array,
  {height, width}: {readonly height: number; readonly width: number},
): ImageArray {
  const bytes = 3 * height * width;
  return (originalIndex) => {
    const from = originalIndex * bytes;
    const planes = new Uint8Array(bytes);
    writePlanes({data: data.subarray(from, from + bytes), height, width}, planes, 0);
    return planes;
  };
}

/**
 * Reads a whole array with one image per original index of a split, an .npy file of uint8 (N,H,W,3) (specification
 * B4.5, B4.6).
 * @param option The attack's option that names the file
 * @throws SauError ERR_CONFIG if there is no such file, ERR_DATASET for an array of another shape or type
 */
export async function readImageArray(
  option: string,
  path: string,
  split: 'train' | 'test',
  context: Pick<AttackContext, 'size' | 'run' | 'train' | 'test'>,
): Promise<ImageArray> {
  const {size, run} = context;
  const expected = [context[split].count, size.height, size.width, 3];
  const {data} = await readNpy(await existingFile(option, path), {
    signal: run.signal,
    check: ({dtype, shape}) => {
      if (dtype === 'uint8' && showShape(shape) === showShape(expected)) return;
      throw new SauError(
        'ERR_DATASET',
        `Expected one image per ${split} image for ${option}, uint8 ${showShape(expected)}, but ${path} holds ${dtype} ${showShape(shape)}`,
        {details: {option, path, expected, dtype, shape}},
      );
    },
  });
  // `check` has made sure that these are bytes.
  return imageArray(data as Uint8Array, size);
}
