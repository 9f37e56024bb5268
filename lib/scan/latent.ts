import type {ScanIndex} from '../records/scan_summary.js';
import {anomalyIndices, type MedianKind, numberOf} from './outliers.js';
import {FEWEST_CLASSES, LATENT_DEVIATION} from './thresholds.js';

/** The figures of the places of a network, of which it may have fewer. */
const PLACES = ['sizeAtHalf', 'sizeAtThreeQuarters', 'sizeAtEnd'] as const;

/**
 * How far each class is ahead of the one next to it (scan G5): the root mean square of its anomaly indices at the
 * places, those below 0 taken as 0, minus the largest of any other class. One class alone has an index above 0. null
 * for a class that has no size at some place, and for all where fewer than five have one.
 */
export function latentIndices(
  classes: readonly Readonly<Record<string, number>>[],
  kind: MedianKind,
): (ScanIndex | null)[] {
  const places = PLACES.filter((place) => classes.some((figures) => place in figures));
  const isKnown = (figures: Readonly<Record<string, number>>): boolean =>
    places.length > 0 && places.every((place) => Number.isFinite(figures[place]));
  const known = classes.filter(isKnown);
  if (known.length < FEWEST_CLASSES) return classes.map(() => null);
  const byPlace = places.map((place) => {
    const sizes = known.map((figures) => Math.log(figures[place] ?? Number.NaN));
    return anomalyIndices(sizes, 'small', kind, LATENT_DEVIATION).map(numberOf);
  });
  const together = known.map((_, i) => {
    const squares = byPlace.map((indices) => Math.max(0, indices[i] ?? 0) ** 2);
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / places.length);
  });
  let next = 0;
  return classes.map((figures) => (isKnown(figures) ? leadOf(together, next++) : null));
}

function leadOf(values: readonly number[], at: number): number {
  return (values[at] ?? 0) - Math.max(...values.filter((_, i) => i !== at));
}
