// Figures of a part from its measured sides: plain numbers, for the table and for JSON.
import {partForwards} from './flops.mjs';

/** One row per precision of the package. Rates in FLOP/s; memory in MiB; ratio: baseline over package. */
export function summarize(part, sides, {world, flopsOfForward, peaks}) {
  const [baseline, ...natives] = sides;
  const forwards = partForwards(part, {
    batch: world.batch,
    clean: world.cleanIndices.length * (part === 'round' ? world.rounds : 1),
    ...world.counts,
    steps: baseline.last.steps,
  });
  const work = (images) => (images === undefined ? null : images * flopsOfForward);
  const flops = {official: work(forwards?.official), native: work(forwards?.native)};
  // On a GPU the official procedure's convolutions are TF32, as PyTorch's default has them.
  const official = peaks.tf32 === undefined ? 'fp32' : 'tf32';
  const side = ({seconds, peakMiB, restMiB, gpuMiB}) => ({
    ...{medianSeconds: median(seconds), seconds, peakMiB, restMiB, gpuMiB},
  });
  return natives.map((native) => {
    const ratios = baseline.seconds.map((seconds, i) => seconds / native.seconds[i]);
    const rates = {
      baseline: rate(flops.official, baseline),
      native: rate(flops.native, native),
      nativeOfficialEquivalent: rate(flops.official, native),
    };
    const unit = peaks[native.precision] === undefined ? 'fp32' : native.precision;
    return {
      part,
      precision: native.precision,
      baseline: side(baseline),
      native: side(native),
      ratio: {median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios)},
      memoryShare: native.peakMiB / baseline.peakMiB,
      forwards,
      flops,
      rates,
      shareOfPeak: {
        baseline: {of: official, ...shares(rates.baseline, peaks[official])},
        native: {of: unit, ...shares(rates.native, peaks[unit])},
      },
    };
  });
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function rate(flops, {seconds}) {
  return flops === null ? null : flops / median(seconds);
}

function shares(rate, {matmul, conv}) {
  return rate === null ? {matmul: null, conv: null} : {matmul: rate / matmul, conv: rate / conv};
}
