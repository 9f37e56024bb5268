import {stat} from 'node:fs/promises';
import sharp from 'sharp';
import {SauError} from '../base/errors.js';
import {decodeImage} from '../datasets/decode.js';
import {readNpy, showShape} from '../datasets/npy.js';
import {writePlanes} from '../datasets/rgb_image.js';
import type {AttackContext} from './attack_context.js';

/** The image of an original index, as new planes [3,H,W]. */
export type ImageArray = (originalIndex: number) => Uint8Array;

/** Gives the images of uint8 [N,H,W,3] as planes. Keeps the array and does not copy it. */
function imageArray(
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

/**
 * Reads the user's picture as planes, uint8 [3,H,W] at the images' size, ignoring its aspect ratio (specification
 * B3.4). A note says what this changes about the picture.
 * @param option The attack's option that names the file
 * @param choices Names that the option takes besides a file
 * @throws SauError ERR_CONFIG if there is no such file, ERR_DATASET for a file that is not a picture
 */
export async function readPicture(
  option: string,
  path: string,
  choices: readonly string[],
  {size, run}: Pick<AttackContext, 'size' | 'run'>,
): Promise<Uint8Array> {
  const file = await existingFile(option, path, choices);
  const planes = await decodeImage(file, size);
  const {width, height, channels, hasAlpha} = await sharp(file).metadata();
  const changes = [
    ...(width === size.width && height === size.height
      ? []
      : [`resized from ${width}x${height} to ${size.width}x${size.height}, its aspect ignored`]),
    ...(hasAlpha ? ['taken without its transparency'] : []),
    ...(channels < 3 ? ['gray'] : []),
  ];
  if (changes.length > 0) {
    run.onProgress?.({kind: 'note', message: `the ${option} ${path} is ${changes.join(' and ')}`});
  }
  return planes;
}

/**
 * The path that an attack's option names.
 * @param choices Names that the option takes besides a path
 * @throws SauError ERR_CONFIG if there is no such file
 */
export async function existingFile(
  option: string,
  path: string,
  choices: readonly string[] = [],
): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw refusal(option, path, choices, cause);
  });
  if (!found.isFile()) throw refusal(option, path, choices);
  return path;
}

function refusal(
  option: string,
  path: string,
  choices: readonly string[],
  cause?: unknown,
): SauError {
  const expected = [...choices, 'the path of a file'].join(' or ');
  return new SauError('ERR_CONFIG', `Expected ${expected} for ${option} but received ${path}`, {
    cause,
    details: {option, value: path},
  });
}
