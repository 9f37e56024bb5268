// Checks whether both sides have computed equal results.
import {readFile} from 'node:fs/promises';
import {mean, pairedZ} from './statistics.mjs';
import {percent} from './tool.mjs';

/** Elements of a perturbation that differ by less than this are equal; a perturbation moves in steps of 0.2. */
const TOLERANCE = 1e-4;
/** Standard errors by which the package may be worse than the yardstick. */
const MOST_Z = 3;

/**
 * What to say about the last answers of `baseline`, the strict one, and of a side of the package, as {part, precision,
 * what, value, failure: text or null}.
 */
export async function compare(part, baseline, side, world) {
  const {precision} = side;
  const [native, expected] = [side.last, baseline.last];
  const row = (what, value, failure = null) => ({part, precision, what, value, failure});
  switch (part) {
    case 'loading': {
      const same = ['cleanSubset', 'cleanTest', 'poisonedTest'].every(
        (name) => JSON.stringify(expected[name]) === JSON.stringify(native[name]),
      );
      return [
        row('images and labels (sums)', same ? 'equal' : 'different', same ? null : 'different'),
      ];
    }
    case 'pgd':
      return comparePerturbations(row, baseline, side, world);
    case 'outer': {
      const error = relativeError(await floats(side.file), await floats(baseline.file));
      return [
        row('loss', difference(native.loss, expected.loss)),
        row('suspects', `${native.suspects} and ${expected.suspects}`),
        row('gradient, relative L2 error', error.toExponential(1)),
      ];
    }
    case 'round':
      return [
        ...Object.keys(native.losses).map((name) =>
          row(name, difference(native.losses[name], expected.losses[name])),
        ),
        row('suspect share', difference(native.suspectShare, expected.suspectShare)),
      ];
    case 'evaluation':
      return metricRows(row, native.metrics, expected.metrics);
    case 'training': // its draws of dropout are each side's own
      return [row('loss', difference(native.loss, expected.loss))];
    case 'defend': {
      const same = JSON.stringify(native.indices) === JSON.stringify(expected.indices);
      return [
        row('clean images', same ? 'the same' : 'others', same ? null : 'different images'),
        ...metricRows(row, native.metrics, expected.metrics),
      ];
    }
    default:
      return compareMethods(row, part, baseline, side);
  }
}

/** What methods find that change no weight. */
const BESIDES = {nc: 'norms of the triggers', npd: 'change of the polarizer'};

/** Where a batch is all of the clean images, both sides have done the same; else in another order of images. */
async function compareMethods(row, part, baseline, side) {
  const rowOf = (what, found, expected) =>
    row(`${what}, relative L2 error`, relativeError(found, expected).toExponential(1));
  const {found} = side.last;
  const besides = BESIDES[part] ?? 'what the masks have lost';
  const rows = found.length > 0 ? [rowOf(besides, found, baseline.last.found)] : [];
  if (part in BESIDES) return rows;
  return [
    ...rows,
    rowOf('change of the weights', await floats(side.file), await floats(baseline.file)),
  ];
}

/**
 * The yardstick is PyTorch against itself with other last bits in every pixel, measured in this run: five
 * sign steps carry a last bit from one element to many, and how many depends on the net and on the CPU. Compared by
 * image, because the elements of one image depend on each other.
 */
async function comparePerturbations(row, baseline, {precision, file}, {batch, delta}) {
  const [expected, other] = [await floats(baseline.file), await floats(baseline.yardstick)];
  const found = await floats(file);
  const [own, yardstick] = [found, other].map((values) => differentShares(values, expected, batch));
  const share = (shares) => percent(1 - mean(shares), 3);
  const z = pairedZ(own, yardstick) ?? 0;
  const isWorse = precision === 'fp32' && z > MOST_Z;
  const rows = [
    row('images shared before each step, of the baseline', baseline.last.sharedCounts.join(' ')),
    row('equal elements of the perturbation', share(own)),
    row('PyTorch with other rounding', share(yardstick)),
    row(
      'more different than that by',
      `${z.toFixed(1)} standard errors`,
      isWorse ? `more than ${MOST_Z}` : null,
    ),
  ];
  if (['bf16', 'fp16'].includes(precision) && equal(found, await floats(delta))) {
    rows.push(row('effect of the precision', 'none', 'the perturbation equals that in fp32'));
  }
  return rows;
}

/** Of each image the share of elements that differ. */
function differentShares(found, expected, images) {
  if (found.length !== expected.length) {
    throw new Error(
      `Expected ${expected.length} elements of a perturbation but found ${found.length}`,
    );
  }
  const size = expected.length / images;
  const counts = new Array(images).fill(0);
  expected.forEach((value, i) => {
    if (!(Math.abs(value - found[i]) < TOLERANCE)) counts[Math.floor(i / size)]++;
  });
  return counts.map((count) => count / size);
}

function metricRows(row, native, baseline) {
  return ['acc', 'asr', 'ra'].map((name) =>
    row(name.toUpperCase(), `${percent(native[name], 2)} and ${percent(baseline[name], 2)}`),
  );
}

async function floats(path) {
  const {buffer, byteOffset, byteLength} = await readFile(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

function equal(a, b) {
  return a.every((value, i) => value === b[i]);
}

function relativeError(found, expected) {
  const difference = expected.reduce((sum, value, i) => sum + (value - found[i]) ** 2, 0);
  if (difference === 0) return 0;
  return Math.sqrt(difference / expected.reduce((sum, value) => sum + value ** 2, 0));
}

function difference(native, baseline) {
  return `${native.toPrecision(6)} and ${baseline.toPrecision(6)}`;
}
