/** The largest of any number of values, at least `least`: `Math.max(...values)` fails for a hundred thousand. */
export function largest(values: Iterable<number>, least: number): number {
  let most = least;
  for (const value of values) if (value > most) most = value;
  return most;
}
