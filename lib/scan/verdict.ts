import type {ScanStatistic, ScanVerdict} from '../records/scan_summary.js';
import {listed} from './judge.js';
import {STATISTICS} from './statistics.js';
import {FEWEST_CLASSES} from './thresholds.js';

/**
 * The verdict of a scan: suspicious if a statistic that decides passed its threshold. Labels are those
 * that all of these agree on, else all that any of them names.
 */
export function scanVerdict(statistics: readonly ScanStatistic[]): ScanVerdict {
  const deciding = statistics.filter(({decides}) => decides);
  const passed = deciding.filter(({labels}) => labels.length > 0);
  const [first, ...others] = passed;
  if (first !== undefined) {
    const agreed = first.labels.filter((label) =>
      others.every((one) => one.labels.includes(label)),
    );
    const all = [...new Set(passed.flatMap(({labels}) => labels))].sort((a, b) => a - b);
    const labels = agreed.length > 0 ? agreed : all;
    const by = passed.map(({name}) => name);
    return {state: 'suspicious', labels, by, words: suspiciousWords(labels, passed, agreed)};
  }
  const saying = deciding.filter(saysSomething);
  const state = saying.length > 0 ? 'nothing-found' : 'none';
  const words = saying.length > 0 ? nothingWords(saying) : noneWords(deciding);
  return {state, labels: [], by: [], words};
}

/** Whether a statistic could have passed its threshold. */
function saysSomething({threshold, pValue, maxIndex}: ScanStatistic): boolean {
  return threshold.kind === 'pValue' ? pValue !== null : maxIndex !== null;
}

function suspiciousWords(
  labels: readonly number[],
  passed: readonly ScanStatistic[],
  agreed: readonly number[],
): string {
  const by = passed.map(({name}) => name).join(' and ');
  const verb = passed.length === 1 ? 'names' : 'name';
  const disagreement =
    passed.length > 1 && agreed.length === 0 ? ' They name different classes.' : '';
  return (
    `Suspicious: ${by} ${verb} ${listed('class', labels)} as the target of a backdoor.${disagreement} ` +
    'This is evidence and no proof: clean models are called suspicious now and then.'
  );
}

function nothingWords(saying: readonly ScanStatistic[]): string {
  const blind = saying.map(({name}) => `${name} misses ${STATISTICS[name].misses}`);
  return `Nothing found, which never means clean: ${blind.join('; ')}.`;
}

function noneWords(deciding: readonly ScanStatistic[]): string {
  if (deciding.length === 0) {
    return 'No verdict: the statistics that were computed only order the classes. Compute latent, nc or mmbd for one.';
  }
  const classes = deciding[0]?.classes.length ?? 0;
  return classes < FEWEST_CLASSES
    ? `No verdict: ${classes} classes are too few to tell an outlier by; at least ${FEWEST_CLASSES} are needed.`
    : 'No verdict: no statistic could be judged; the notes say why.';
}
