import sharp from 'sharp';
import {mutateBytes} from '../formats/bytes.mjs';
import {mutateJpeg, mutatePng, mutateTiff} from '../formats/images.mjs';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';

const {kindOf, readHeader} = packageModule('datasets/image_header');
const {checkTiff} = packageModule('datasets/tiff');
const {decodePpm} = packageModule('datasets/ppm');
const {decodeSmallPng} = packageModule('datasets/small_png');
const {readImageHeaders} = packageModule('datasets/image_sizes');
const {decodedBytes, decodeImageFile, readImageFile} = packageModule('datasets/decode_file');
const {QuickReads} = packageModule('base/quick_reads');

const MOST_BYTES = 1 << 20;
/** Images that take more are not decoded: what a decoder may take is bounded by the sum of these. */
const MOST_DECODED = 64 * 2 ** 20;

sharp.concurrency(1);
sharp.cache(false);

/** Small pictures in every format and form that is read, and in some that are not. */
async function pictures() {
  const side = 9;
  const data = Buffer.from(Array.from({length: 3 * side * side}, (_, i) => (i * 37) & 255));
  const image = () => sharp(data, {raw: {width: side, height: side, channels: 3}});
  const encoded = await Promise.all(
    [
      image().png({compressionLevel: 1}),
      image().png({palette: true}),
      image().ensureAlpha(0.5).png(),
      image().greyscale().toColourspace('b-w').png({progressive: true}),
      image().toColourspace('rgb16').png(),
      image().jpeg(),
      image().jpeg({progressive: true}),
      image().toColourspace('cmyk').jpeg(),
      image().withMetadata({orientation: 6}).jpeg(),
      image().webp(),
      image().webp({lossless: true}),
      image().tiff({compression: 'none'}),
      image().tiff({compression: 'deflate', predictor: 'horizontal'}),
      image().tiff({compression: 'jpeg'}),
      image().toColourspace('cmyk').tiff({compression: 'lzw'}),
      image().withMetadata({orientation: 8}).tiff(),
      image().gif(),
    ].map((each) => each.toBuffer()),
  );
  const ppm = Buffer.concat([Buffer.from(`P6 # a comment\n${side} ${side}\n255\n`), data]);
  const svg = Buffer.from(
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  );
  const bmp = Buffer.concat([Buffer.from('BM'), Buffer.alloc(52, 3)]);
  return [...encoded, ppm, svg, bmp];
}

function mutate(random, bytes, context) {
  const kind = kindOf(bytes).format;
  if (kind === 'png') return mutatePng(random, bytes, context);
  if (kind === 'jpeg') return mutateJpeg(random, bytes, context);
  return kind === 'tiff' ? mutateTiff(random, bytes, context) : mutateBytes(random, bytes, context);
}

/** Only what is read without the decoder. Its errors become ERR_DATASET where it is called. */
async function readHeaders(bytes) {
  const kind = kindOf(bytes);
  if (kind.format === null) return 'refused';
  const header = await plainly(() => readHeader(bytes, kind.format));
  if (header) expectThat(header.width >= 0 && header.height >= 0, 'sides of a header');
  if (kind.format === 'tiff') await plainly(() => checkTiff(bytes));
  if (kind.format === 'ppm') await plainly(() => decodePpm(bytes));
  const small = decodeSmallPng(bytes);
  if (small !== null) checkPicture(small);
  return header ? 'accepted' : 'refused';
}

/** Null for an Error of its own, which the caller makes into a SauError. */
async function plainly(read) {
  try {
    return read();
  } catch (error) {
    if (error.constructor === Error) return null;
    await outcomeOf(() => {
      throw error;
    });
    throw error;
  }
}

function checkPicture({data, height, width}) {
  expectThat(
    height >= 1 && width >= 1 && data.length === 3 * height * width,
    'pixels of a picture',
  );
}

const headers = {
  name: 'image-header',
  mostBytes: MOST_BYTES,
  seeds: pictures,
  mutate,
  run: readHeaders,
};

async function decode(bytes, folder) {
  const path = inputIn(folder);
  const {sizes, unreadable} = await readImageHeaders([path]);
  expectThat(sizes.different + unreadable.length === 1, 'a size or a reason');
  return outcomeOf(
    async () => {
      const file = await readImageFile(path, new QuickReads());
      return decodedBytes(file) > MOST_DECODED ? null : decodeImageFile(file);
    },
    async (picture) => {
      if (picture === null) return;
      checkPicture(picture);
      await checkAgainstDecoder(bytes, picture);
    },
  );
}

/** Our own reader of small PNGs says what the general decoder says. */
async function checkAgainstDecoder(bytes, {data}) {
  if (decodeSmallPng(bytes) === null) return;
  const decoded = await sharp(bytes)
    .removeAlpha()
    .raw()
    .toBuffer()
    .catch(() => null);
  if (decoded !== null) expectThat(decoded.equals(data), 'pixels as the decoder has them');
}

const whole = {name: 'image', mostBytes: MOST_BYTES, seeds: pictures, mutate, run: decode};

export const TARGETS = [headers, whole];
