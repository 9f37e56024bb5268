import type {
  ScanClass,
  ScanIndex,
  ScanStatistic,
  ScanSummary,
} from '../lib/records/scan_summary.js';
import {alignColumns} from './output.js';

/** Classes of a model with many that are shown; all are in scan.json. */
const MOST_ROWS = 20;

/** A row for each class with every statistic's value and index, and what each comes to. */
export function scanTable({statistics}: Pick<ScanSummary, 'statistics'>): string {
  const labels = rowLabels(statistics);
  const total = statistics[0]?.classes.length ?? 0;
  const left = total - labels.length;
  const rows = labels.map((label) => [
    classCell(statistics, label),
    ...statistics.flatMap((statistic) => cellsOf(statistic, label)),
  ]);
  const heads = statistics.flatMap(({name}) => [HEADS[name], 'index']);
  return [
    alignColumns([['class', ...heads], ...rows]),
    ...(left === 0 ? [] : [`and ${left} classes that stand out less; scan.json has all`]),
    '',
    ...statistics.flatMap(outcomeLines),
  ].join('\n');
}

/** What the value of a statistic is, in a word or two. */
const HEADS: Readonly<Record<ScanStatistic['name'], string>> = {
  shared: 'shared %',
  universal: 'universal %',
  latent: 'latent size',
  mmbd: 'mmbd margin',
  nc: 'nc pixels',
};

/** All in order, or of many those that stand out most by any statistic. */
function rowLabels(statistics: readonly ScanStatistic[]): number[] {
  const all = (statistics[0]?.classes ?? []).map(({label}) => label);
  if (all.length <= MOST_ROWS) return all;
  const most = (label: number): number =>
    Math.max(...statistics.map(({classes}) => asNumber(classes[label]?.index ?? null)));
  const ranked = all.toSorted((a, b) => most(b) - most(a));
  return ranked.slice(0, MOST_ROWS).sort((a, b) => a - b);
}

function asNumber(index: ScanIndex | null): number {
  if (index === 'infinite') return Number.POSITIVE_INFINITY;
  return index ?? Number.NEGATIVE_INFINITY;
}

function classCell(statistics: readonly ScanStatistic[], label: number): string {
  const title = statistics[0]?.classes[label]?.title ?? null;
  return title === null || title === String(label) ? String(label) : `${label} ${title}`;
}

function cellsOf(statistic: ScanStatistic, label: number): [string, string] {
  const one = statistic.classes[label];
  const mark = statistic.labels.includes(label) ? ' <' : '';
  return [valueCell(statistic, one), `${indexText(one?.index ?? null)}${mark}`];
}

function valueCell({name}: ScanStatistic, one: ScanClass | undefined): string {
  const value = one?.value ?? null;
  if (value === null) return '-';
  const isShare = name === 'shared' || name === 'universal';
  return isShare ? (100 * value).toFixed(1) : value.toFixed(2);
}

function indexText(index: ScanIndex | null): string {
  if (index === null) return '-';
  return index === 'infinite' ? index : index.toFixed(2);
}

/** What a statistic comes to, by which threshold, and what it was calibrated on. */
function outcomeLines(statistic: ScanStatistic): string[] {
  const {name, labels, notes, threshold, decides} = statistic;
  const found = labels.length === 0 ? 'names no class' : `names ${labels.join(', ')}`;
  const hint = decides ? '' : '; a hint, no part of the verdict';
  return [
    `${name}: ${found} (${comparisonText(statistic)}${hint})`,
    `  threshold from: ${threshold.calibration}`,
    ...notes.map((note) => `  note: ${note}`),
  ];
}

function comparisonText({threshold, pValue, maxIndex}: ScanStatistic): string {
  const {kind, value} = threshold;
  const index = `largest index ${indexText(maxIndex)}`;
  if (kind === 'index') return `${index}, threshold ${value}`;
  return `p ${pValue === null ? '-' : pText(pValue)}, threshold ${value}; ${index}`;
}

function pText(p: number): string {
  return p < 1e-3 ? p.toExponential(1) : p.toFixed(3);
}
