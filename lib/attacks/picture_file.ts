import sharp from 'sharp';
import {decodeImage} from '../datasets/decode.js';
import type {AttackContext} from './attack_context.js';
import {existingFile} from './option_file.js';

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
    ...(channels < 3 ? ['grey'] : []),
  ];
  if (changes.length > 0) {
    run.onProgress?.({kind: 'note', message: `the ${option} ${path} is ${changes.join(' and ')}`});
  }
  return planes;
}
