// Images of any side in any number of classes, which a net can learn in a few epochs.
import {packageModule} from '../native_options.mjs';

const {MersenneTwister} = packageModule('random/mersenne_twister');

/** Each class is a pattern of GRID x GRID colours. */
const GRID = 4;
/** Grey levels between which an image's pixels lie about their pattern's colour. */
const NOISE = 64;

/** `count` images whose labels go round the classes; the patterns do not depend on `seed`. */
export function patternImages({count, side, classes, seed}) {
  const patterns = randomBytes(classes * 3 * GRID * GRID, 0);
  const pixels = 3 * side * side;
  const noise = randomBytes(count * pixels, seed);
  const images = new Uint8Array(count * pixels);
  const labels = Int32Array.from({length: count}, (_, i) => i % classes);
  const cell = (at) => Math.floor((at * GRID) / side);
  for (let i = 0; i < images.length; i++) {
    const [x, row] = [i % side, Math.floor(i / side)];
    const [y, plane] = [row % side, Math.floor(row / side)];
    const [channel, image] = [plane % 3, Math.floor(plane / 3)];
    const at = ((labels[image] * 3 + channel) * GRID + cell(y)) * GRID + cell(x);
    const span = 255 - NOISE;
    images[i] = (patterns[at] * span + noise[i] * NOISE) / 255;
  }
  return {
    ...{images, labels, count},
    trueLabels: labels,
    originalIndices: Int32Array.from(labels.keys()),
    ...{height: side, width: side},
  };
}

function randomBytes(count, seed) {
  const twister = MersenneTwister.fromSeed(seed);
  const words = Uint32Array.from({length: Math.ceil(count / 4)}, () => twister.nextUint32());
  return new Uint8Array(words.buffer, 0, count);
}
