// Whether both sides computed the same thing.
import {readFile} from 'node:fs/promises';

/** Least share of elements of the fp32 perturbations that must be equal. */
const LEAST_SHARE = 0.99;
/** Elements of a perturbation within this are equal; it moves in steps of 0.2. */
const TOLERANCE = 1e-4;

/**
 * What to say about a part's last answers, as {part, precision, what, value, failure?}. `files`: what each
 * side saved, where the part saves something; `fp32Delta` is the package's own in fp32.
 */
export async function compare(part, precision, answers, files) {
  const {baseline, native} = answers;
  const row = (what, value, failure) => ({part, precision, what, value, failure: failure ?? null});
  switch (part) {
    case 'loading': {
      const same = ['cleanSubset', 'cleanTest', 'poisonedTest'].every(
        (name) => JSON.stringify(baseline[name]) === JSON.stringify(native[name]),
      );
      return [
        row('images and labels (sums)', same ? 'equal' : 'different', same ? null : 'different'),
      ];
    }
    case 'pgd': {
      const [expected, found] = [await floats(files.baseline), await floats(files.native)];
      const share = equalShare(expected, found);
      const rows = [row('equal elements of the perturbation', percent(share))];
      if (precision === 'fp32' && share < LEAST_SHARE) {
        rows[0].failure = `fewer than ${percent(LEAST_SHARE)}`;
      }
      if (['bf16', 'fp16'].includes(precision) && equal(found, await floats(files.fp32Delta))) {
        rows.push(row('effect of the precision', 'none', 'the perturbation equals that in fp32'));
      }
      return rows;
    }
    case 'outer': {
      const error = relativeError(await floats(files.native), await floats(files.baseline));
      return [
        row('loss', difference(native.loss, baseline.loss)),
        row('suspects', `${native.suspects} and ${baseline.suspects}`),
        row('gradient, relative L2 error', error.toExponential(1)),
      ];
    }
    case 'round':
      return [
        ...Object.keys(native.losses).map((name) =>
          row(name, difference(native.losses[name], baseline.losses[name])),
        ),
        row('suspect share', difference(native.suspectShare, baseline.suspectShare)),
      ];
    case 'evaluation':
      return metricRows(row, native.metrics, baseline.metrics);
    case 'defend': {
      const same = JSON.stringify(native.indices) === JSON.stringify(baseline.indices);
      return [
        row('clean images', same ? 'the same' : 'others', same ? null : 'different images'),
        ...metricRows(row, native.metrics, baseline.metrics),
      ];
    }
    default:
      return [];
  }
}

function metricRows(row, native, baseline) {
  return ['acc', 'asr', 'ra'].map((name) =>
    row(name.toUpperCase(), `${percent(native[name])} and ${percent(baseline[name])}`),
  );
}

async function floats(path) {
  const {buffer, byteOffset, byteLength} = await readFile(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

function equalShare(a, b) {
  if (a.length !== b.length) return 0;
  return a.reduce((sum, value, i) => sum + (Math.abs(value - b[i]) < TOLERANCE), 0) / a.length;
}

function equal(a, b) {
  return a.every((value, i) => value === b[i]);
}

function relativeError(found, expected) {
  const difference = expected.reduce((sum, value, i) => sum + (value - found[i]) ** 2, 0);
  return Math.sqrt(difference / expected.reduce((sum, value) => sum + value ** 2, 0));
}

function difference(native, baseline) {
  return `${native.toPrecision(6)} and ${baseline.toPrecision(6)}`;
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
