/** For the files of a result. */
const WRITING_SECONDS = 2;

/**
 * Seconds that the rounds may take so that a run is done at its deadline, after as long a measurement as the one
 * before them where the last round may be one that is not measured; 0: any, where there is no deadline.
 * @param deadline Milliseconds, of the clock that `now` tells; null: none
 */
export function secondsForRounds(
  deadline: number | null,
  {evalEvery, measuringSeconds}: {evalEvery: number; measuringSeconds: number},
  now = performance.now(),
): number {
  if (deadline === null) return 0;
  const after = (evalEvery === 1 ? 0 : measuringSeconds) + WRITING_SECONDS;
  return Math.max(1, (deadline - now) / 1000 - after); // 0 would be any time
}
