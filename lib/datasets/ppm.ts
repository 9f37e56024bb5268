import type {RgbImage} from './rgb_image.js';

/** Between the parts of a header, comments among them. */
const BLANKS = '(?:[ \\t\\r\\n\\v\\f]|#[^\\n]*\\n)+';
/** "P6", width, height and the largest value, and one blank before the pixels. */
const HEADER = new RegExp(`^P6${`${BLANKS}(\\d{1,5})`.repeat(3)}[ \\t\\r\\n\\v\\f]`);
/** The longest header that is read: comments may be long. */
const MOST_HEADER = 4096;

interface PpmHeader {
  readonly width: number;
  readonly height: number;
  /** Where the pixels begin. */
  readonly start: number;
}

/** The header of a binary PPM (P6) of 8 bits a channel. Throws an Error that says what is wrong with it. */
export function readPpmHeader(bytes: Buffer): PpmHeader {
  const header = HEADER.exec(bytes.toString('latin1', 0, MOST_HEADER));
  if (header === null) throw new Error('the header of the PPM is damaged');
  const [text, ...numbers] = header;
  const [width = 0, height = 0, most = 0] = numbers.map(Number);
  if (width === 0 || height === 0) throw new Error(`the PPM has ${width}x${height} pixels`);
  if (most !== 255) throw new Error(`its values go to ${most}; only 8-bit PPM with 255 is read`);
  return {width, height, start: text.length};
}

/** Decodes it. What follows the image is ignored, as Pillow does. Throws an Error where it ends too early. */
export function decodePpm(bytes: Buffer): RgbImage {
  const {width, height, start} = readPpmHeader(bytes);
  const length = 3 * width * height;
  const data = bytes.subarray(start, start + length);
  if (data.length === length) return {data, height, width};
  throw new Error(`the PPM of ${width}x${height} ends after ${data.length} of ${length} bytes`);
}
