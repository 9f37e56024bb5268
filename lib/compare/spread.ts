/** Figures of the runs of one method. */
export interface Spread {
  /** Of the runs where it is known. */
  readonly mean: number;
  /** Standard deviation with n - 1; null of a single run. */
  readonly deviation: number | null;
  /** Runs where it is known. */
  readonly count: number;
}

/** Mean and deviation of what is known; null where nothing is. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  const count = known.length;
  if (count === 0) return null;
  const mean = sum(known) / count;
  const squares = sum(known.map((value) => (value - mean) ** 2));
  return {mean, deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)), count};
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
