import type {ScanIndex} from '../records/scan_summary.js';

// The outlier rule of a scan: how far a class lies from the median of all, in deviations.

/** Which median of an even number of values: the lower of the two in the middle, or their mean. */
export type MedianKind = 'lower' | 'mean';

/** Standard deviations of a normal distribution in a median deviation. */
const DEVIATION_OF_NORMAL = 1.4826;

function medianOf(values: readonly number[], kind: MedianKind): number {
  const sorted = values.toSorted((a, b) => a - b);
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return kind === 'lower' ? lower : (lower + upper) / 2;
}

/**
 * The anomaly index of each value: its distance from the median towards the suspicious side, in 1.4826 median
 * deviations. Where the deviation is 0 it is infinite on the suspicious side and 0 elsewhere.
 * addedDeviation: so that values which happen to lie close together make no outlier of one a little further off.
 */
export function anomalyIndices(
  values: readonly number[],
  suspicious: 'small' | 'large',
  kind: MedianKind,
  addedDeviation = 0,
): ScanIndex[] {
  const median = medianOf(values, kind);
  const distances = values.map((value) => Math.abs(value - median));
  const deviation = DEVIATION_OF_NORMAL * medianOf(distances, kind) + addedDeviation;
  const sign = suspicious === 'large' ? 1 : -1;
  return values.map((value) => {
    const towards = sign * (value - median);
    if (deviation > 0) return towards / deviation;
    return towards > 0 ? 'infinite' : 0;
  });
}

/** As a number to compare with. */
export function numberOf(index: ScanIndex): number {
  return index === 'infinite' ? Number.POSITIVE_INFINITY : index;
}

/** The largest index; null where there is none. */
export function largestOf(indices: readonly (ScanIndex | null)[]): ScanIndex | null {
  return indices.reduce((best, index) => {
    if (index === null) return best;
    return best === null || numberOf(index) > numberOf(best) ? index : best;
  }, null);
}
