/** ACC, ASR, RA as fractions in [0,1] and cross-entropy losses; null where there were no such images. */
export interface Metrics {
  readonly acc: number | null;
  readonly asr: number | null;
  readonly ra: number | null;
  /** Mean over batches of the batch-mean cross entropy (specification B2). */
  readonly cleanLoss: number | null;
  readonly poisonedLoss: number | null;
  readonly raLoss: number | null;
  readonly cleanCount: number;
  readonly poisonedCount: number;
}

/**
 * Defense effectiveness rating in [0,1]: (max(0, dASR) - max(0, dACC) + 1) / 2, before minus after
 * (specification B2). null where ACC or ASR is unknown.
 */
export function defenseEffectivenessRating(before: Metrics, after: Metrics): number | null {
  if (before.acc === null || after.acc === null || before.asr === null || after.asr === null) {
    return null;
  }
  const asrDrop = Math.max(0, before.asr - after.asr);
  const accDrop = Math.max(0, before.acc - after.acc);
  return (asrDrop - accDrop + 1) / 2;
}
