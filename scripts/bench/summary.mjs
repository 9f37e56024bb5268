// Computes the figures of a part from its measured sides: plain numbers, for the table and for JSON.
import {partForwards} from './flops.mjs';
import {strictBaseline} from './sides.mjs';
import {median} from './statistics.mjs';

/**
 * One row per precision of the package and baseline to hold it against: where there are two, the stock one, and for fp32
 * the strict one as well. Rates in FLOP/s; memory in MiB; ratio: baseline over package.
 */
export function summarize(part, sides, {world, flopsOfForward, peaks}) {
  const forwards = partForwards(part, {
    batch: world.batch,
    clean: world.cleanIndices.length * (part === 'round' ? world.rounds : 1),
    ...world.counts,
    steps: strictBaseline(sides).last.steps,
  });
  const work = (images) => (images === undefined ? null : images * flopsOfForward);
  const flops = {official: work(forwards?.official), native: work(forwards?.native)};
  const baselines = sides.filter(({isBaseline}) => isBaseline);
  const natives = sides.filter(({isBaseline}) => !isBaseline);
  return natives.flatMap((native) =>
    baselines
      .filter((baseline, i) => i === 0 || native.precision === baseline.precision)
      .map((baseline) => {
        const rates = {
          baseline: rate(flops.official, baseline),
          native: rate(flops.native, native),
          nativeOfficialEquivalent: rate(flops.official, native),
        };
        return {
          part,
          precision: native.precision,
          baseline: figuresOf(baseline),
          native: figuresOf(native),
          ratio: ratioOf(baseline.seconds, native.seconds),
          memoryShare: native.peakMiB / baseline.peakMiB,
          ...{forwards, flops, rates},
          shareOfPeak: {
            baseline: shareOfPeak(rates.baseline, baseline.precision, peaks),
            native: shareOfPeak(rates.native, native.precision, peaks),
          },
        };
      }),
  );
}

/** The outer and the optimizer's step as they come in a round: pair by pair, round less PGD. */
export function roundWithoutPgd(rows, {batch, clean, rounds}) {
  if (batch !== clean || rounds > 1) return [];
  const keyOf = ({precision, baseline}) => `${precision} ${baseline.precision}`;
  return rows
    .filter(({part}) => part === 'round')
    .flatMap((round) => {
      const pgd = rows.find((row) => row.part === 'pgd' && keyOf(row) === keyOf(round));
      if (pgd === undefined) return [];
      const [baseline, native] = ['baseline', 'native'].map((side) =>
        round[side].seconds.map((seconds, i) => seconds - pgd[side].seconds[i]),
      );
      return {
        part: 'round - pgd',
        precision: round.precision,
        baseline: {
          precision: round.baseline.precision,
          ...{medianSeconds: median(baseline), seconds: baseline},
        },
        native: {medianSeconds: median(native), seconds: native},
        ratio: ratioOf(baseline, native),
        memoryShare: null,
      };
    });
}

function figuresOf({precision, seconds, peakMiB, restMiB, gpuMiB}) {
  return {precision, medianSeconds: median(seconds), seconds, peakMiB, restMiB, gpuMiB};
}

function ratioOf(baseline, native) {
  const ratios = baseline.map((seconds, i) => seconds / native[i]);
  return {median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios)};
}

function rate(flops, {seconds}) {
  return flops === null ? null : flops / median(seconds);
}

/** Where the precision's own peak was not measured, as on a CPU with `auto`, that in fp32 stands in. */
function shareOfPeak(rate, precision, peaks) {
  const of = peaks[precision] === undefined ? 'fp32' : precision;
  const {matmul, conv} = peaks[of];
  return rate === null
    ? {of, matmul: null, conv: null}
    : {of, matmul: rate / matmul, conv: rate / conv};
}
