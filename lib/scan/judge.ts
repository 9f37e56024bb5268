import type {NativeScanFindings} from '../native/scan_contract.js';
import type {ScanConfig} from '../options/types.js';
import type {
  ScanClass,
  ScanIndex,
  ScanScale,
  ScanStatistic,
  ScanThreshold,
  StatisticName,
} from '../records/scan_summary.js';
import {fitGamma, gammaTail} from './gamma.js';
import {latentIndices} from './latent.js';
import {anomalyIndices, largestOf, type MedianKind, numberOf} from './outliers.js';
import {STATISTICS} from './statistics.js';
import {
  CALIBRATION,
  FEWEST_CLASSES,
  LEAST_SHARED_RATE,
  OFFICIAL_THRESHOLDS,
  THRESHOLDS,
} from './thresholds.js';

/** What a statistic is judged by. */
export interface Judged {
  readonly name: StatisticName;
  readonly findings: NativeScanFindings;
  readonly threshold: ScanThreshold;
  readonly scale: ScanScale;
  readonly classTitles: readonly string[] | null;
  readonly seconds: number;
}

/** The threshold of a statistic: the user's, the official tool's, or the calibrated one. */
export function thresholdOf(name: StatisticName, config: ScanConfig): ScanThreshold {
  const kind = name === 'mmbd' ? 'pValue' : 'index';
  const given = config[`${name}Threshold`];
  if (given !== null) return {kind, value: given, calibration: 'given by the user'};
  if (config.compat === 'reference' && (name === 'nc' || name === 'mmbd')) {
    return {kind, value: OFFICIAL_THRESHOLDS[name], calibration: "its authors'"};
  }
  return {kind, value: THRESHOLDS[name], calibration: CALIBRATION[name]};
}

/**
 * Sizes lie factors apart, and none is below 0: on a linear scale a tiny one is hardly further from the
 * median than half of it. The official tool compares them so.
 */
export function scaleOf(name: StatisticName, {compat}: Pick<ScanConfig, 'compat'>): ScanScale {
  return name === 'latent' || (name === 'nc' && compat === 'sound') ? 'log' : 'linear';
}

/** One statistic of a scan from what the native core found. */
export function judge({
  name,
  findings,
  threshold,
  scale,
  classTitles,
  seconds,
}: Judged): ScanStatistic {
  const {title, suspicious, figure, decides} = STATISTICS[name];
  const values = findings.classes.map((figures) => classValue(name, figures, figure));
  const indicesBy = (kind: MedianKind): (ScanIndex | null)[] =>
    name === 'latent'
      ? latentIndices(findings.classes, kind)
      : indicesOf(values, {suspicious, scale, kind});
  const indices = indicesBy('lower');
  const classes = findings.classes.map(
    (figures, label): ScanClass => ({
      label,
      title: classTitles?.[label] ?? null,
      value: values[label] ?? null,
      index: indices[label] ?? null,
      figures: Object.fromEntries(
        Object.entries(figures).map(([key, value]) => [key, Number.isFinite(value) ? value : null]),
      ),
    }),
  );
  const pValue = name === 'mmbd' ? pValueOf(values) : null;
  return {
    ...{name, title, suspicious, scale, classes},
    maxIndex: largestOf(indices),
    maxIndexOfMeanMedian: largestOf(indicesBy('mean')),
    ...{pValue, threshold, decides},
    labels: labelsOf(classes, pValue, threshold, name),
    notes: notesOf(name, values, pValue),
    passes: findings.passes,
    seconds,
  };
}

/** A trigger that does not work has no size that means anything (scan G1). */
function classValue(
  name: StatisticName,
  figures: Readonly<Record<string, number>>,
  figure: string,
): number | null {
  const value = figures[figure];
  const works = name !== 'nc' || figures.succeeded === 1;
  return works && value !== undefined && Number.isFinite(value) ? value : null;
}

interface Rule {
  readonly suspicious: 'small' | 'large';
  readonly scale: ScanScale;
  readonly kind: MedianKind;
}

/** Of the classes with a value, where there are enough of them. */
function indicesOf(
  values: readonly (number | null)[],
  {suspicious, scale, kind}: Rule,
): (ScanIndex | null)[] {
  const known = values.filter((value) => value !== null);
  if (known.length < FEWEST_CLASSES) return values.map(() => null);
  const compared = scale === 'log' ? known.map(Math.log) : known;
  const indices = anomalyIndices(compared, suspicious, kind);
  let next = 0;
  return values.map((value) => (value === null ? null : (indices[next++] ?? null)));
}

/**
 * P that the largest of so many margins is as large as the largest here, if all were drawn from the gamma
 * distribution of the others (scan G4). null where that cannot be fitted.
 */
export function pValueOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length < Math.max(FEWEST_CLASSES, values.length)) return null;
  const largest = Math.max(...known);
  const at = known.indexOf(largest);
  const fit = fitGamma(known.filter((_, i) => i !== at));
  if (fit === null) return null;
  return -Math.expm1(known.length * Math.log1p(-gammaTail(fit, largest)));
}

function labelsOf(
  classes: readonly ScanClass[],
  pValue: number | null,
  {kind, value}: ScanThreshold,
  name: StatisticName,
): number[] {
  if (kind === 'pValue') {
    if (pValue === null || pValue > value) return [];
    const largest = Math.max(...classes.map((one) => one.value ?? Number.NEGATIVE_INFINITY));
    return classes.filter((one) => one.value === largest).map(({label}) => label);
  }
  const rate = (one: ScanClass): number => (name === 'shared' ? (one.value ?? 0) : 1);
  return classes
    .filter((one) => one.index !== null && numberOf(one.index) > value)
    .filter((one) => rate(one) >= LEAST_SHARED_RATE)
    .map(({label}) => label);
}

/** What keeps a statistic from saying more. */
function notesOf(
  name: StatisticName,
  values: readonly (number | null)[],
  pValue: number | null,
): string[] {
  const unknown = values.flatMap((value, label) => (value === null ? [label] : []));
  const known = values.length - unknown.length;
  const why =
    name === 'nc' ? 'whose trigger did not reach the success that counts' : 'without a value';
  const left = unknown.length === 0 ? [] : [`left out ${listed('class', unknown)}, ${why}`];
  if (known < FEWEST_CLASSES) {
    return [...left, `of ${known} classes, and fewer than ${FEWEST_CLASSES}, nothing can be said`];
  }
  const noFit = name === 'mmbd' && pValue === null;
  return noFit ? [...left, 'a margin is not above 0, so that there is no p-value'] : left;
}

/** "class 3", "classes 3, 5". */
export function listed(noun: 'class', labels: readonly number[]): string {
  return `${labels.length === 1 ? noun : `${noun}es`} ${labels.join(', ')}`;
}
