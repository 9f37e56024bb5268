export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * By how many standard errors the mean of `values` is above that of `others`, in pairs (one pair an image); null where
 * all pairs are equal. The standard error is the one under equal means, so that of yes and no this is McNemar's
 * z = (b - c) / sqrt(b + c): a few pairs that differ prove nothing, and n pairs give sqrt(n) at most.
 */
export function pairedZ(values, others) {
  const differences = Array.from(values, (value, i) => value - others[i]);
  const squares = differences.reduce((sum, value) => sum + value ** 2, 0);
  return squares === 0
    ? null
    : differences.reduce((sum, value) => sum + value, 0) / Math.sqrt(squares);
}
