/** ACC, ASR, RA as fractions in [0,1] and cross-entropy losses; null if there were no such images. */
export interface Metrics {
  /** Share of clean test images that are predicted as their class. */
  readonly acc: number | null;
  /** Share of poisoned test images, true class not the target, that are predicted as the target. */
  readonly asr: number | null;
  /** Share of these poisoned test images that are predicted as their true class. */
  readonly ra: number | null;
  /** Mean over batches of the batch-mean cross entropy (specification B2). */
  readonly cleanLoss: number | null;
  /** Mean over batches of the loss on the poisoned test images with the attack's labels. */
  readonly poisonedLoss: number | null;
  /** Mean over batches of the loss on the poisoned test images with their true labels. */
  readonly raLoss: number | null;
  /** Clean test images that were measured. */
  readonly cleanCount: number;
  /** Poisoned test images that were measured. */
  readonly poisonedCount: number;
}

/**
 * Defense effectiveness rating in [0,1]: (max(0, dASR) - max(0, dACC) + 1) / 2, before minus after (specification
 * B2). null if ACC or ASR is unknown.
 */
export function defenseEffectivenessRating(before: Metrics, after: Metrics): number | null {
  if (before.acc === null || after.acc === null || before.asr === null || after.asr === null) {
    return null;
  }
  const asrDrop = Math.max(0, before.asr - after.asr);
  const accDrop = Math.max(0, before.acc - after.acc);
  return (asrDrop - accDrop + 1) / 2;
}
