/** Points on the two axes along which they vary most, and the shares of the variance that these have. */
export interface MainAxes {
  /** [n] */
  readonly points: readonly (readonly [number, number])[];
  readonly explained: readonly [number, number];
}

const MOST_STEPS = 300;
/** Change of an axis, as 1 - |cosine|, below which it counts as found. */
const STILL = 1e-10;

/**
 * Principal components of rows, by subspace iteration on the centered rows themselves: no matrix of features by
 * features is made. The sign of each axis is such that its farthest point is positive, so that equal rows give
 * equal points.
 * @param values [count, width] row-major
 */
export function mainAxes(values: Float32Array, count: number): MainAxes {
  const width = count === 0 ? 0 : values.length / count;
  const rows = centered(values, count, width);
  const total = rows.reduce((sum, row) => sum + dot(row, row), 0);
  if (total === 0) return {points: rows.map(() => [0, 0] as const), explained: [0, 0]};
  const first = axisOf(rows, width, null);
  const second = axisOf(rows, width, first);
  const [x, y] = [first, second].map((axis) => upright(rows.map((row) => dot(row, axis))));
  const share = (of: readonly number[] = []) => of.reduce((sum, v) => sum + v * v, 0) / total;
  return {
    points: rows.map((_, i) => [x?.[i] ?? 0, y?.[i] ?? 0] as const),
    explained: [share(x), share(y)],
  };
}

function centered(values: Float32Array, count: number, width: number): Float64Array[] {
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) {
    mean[i % width] = (mean[i % width] ?? 0) + (values[i] ?? 0) / count;
  }
  return Array.from({length: count}, (_, row) =>
    Float64Array.from(mean, (of, i) => (values[row * width + i] ?? 0) - of),
  );
}

/** The axis of most variance that is perpendicular to another one. */
function axisOf(
  rows: readonly Float64Array[],
  width: number,
  other: Float64Array | null,
): Float64Array {
  let axis = unit(perpendicular(longest(rows, other), other));
  for (let step = 0; step < MOST_STEPS; step++) {
    const sum = new Float64Array(width);
    for (const row of rows) {
      const weight = dot(row, axis);
      for (let i = 0; i < width; i++) sum[i] = (sum[i] ?? 0) + weight * (row[i] ?? 0);
    }
    const next = unit(perpendicular(sum, other));
    const moved = 1 - Math.abs(dot(next, axis));
    axis = next;
    if (moved < STILL) break;
  }
  return axis;
}

/** The start: the row with the longest part that is perpendicular to another axis. */
function longest(rows: readonly Float64Array[], other: Float64Array | null): Float64Array {
  let best = new Float64Array(0);
  let most = -1;
  for (const row of rows) {
    const rest = perpendicular(row, other);
    const length = dot(rest, rest);
    if (length > most) [best, most] = [rest, length];
  }
  return best;
}

function perpendicular(vector: Float64Array, to: Float64Array | null): Float64Array<ArrayBuffer> {
  const along = to === null ? 0 : dot(vector, to);
  return Float64Array.from(vector, (value, i) => value - along * (to?.[i] ?? 0));
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function upright(values: readonly number[]): readonly number[] {
  const farthest = values.reduce(
    (best, value) => (Math.abs(value) > Math.abs(best) ? value : best),
    0,
  );
  return farthest < 0 ? values.map((value) => -value) : values;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
