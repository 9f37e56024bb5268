import {
  type ComparedMethod,
  type ComparedRun,
  type Comparison,
  verdictsOf,
} from '../lib/compare/comparison.js';
import type {Spread} from '../lib/compare/spread.js';
import {duration} from './output.js';
import {type Output, painted} from './terminal.js';

/** A column; those with the highest number are left out first where the terminal is narrow. */
interface Column {
  readonly title: string;
  readonly leftOut: number;
  readonly cell: (method: ComparedMethod, withDeviation: boolean) => string;
}

/** The column of the verdicts. */
const BACKDOOR = 'backdoor';
const SHARES = ['acc', 'asr', 'ra', 'der'] as const;

const COLUMNS: readonly Column[] = [
  ...SHARES.map((name): Column => {
    return {
      title: `${name.toUpperCase()} %`,
      leftOut: 0,
      cell: (method, withDeviation) => shareCell(method[name], withDeviation, method.oracle),
    };
  }),
  {title: BACKDOOR, leftOut: 0, cell: ({runs}) => verdictsOf(runs) || '-'},
  {title: 'time', leftOut: 1, cell: ({methodSeconds}) => timeCell(methodSeconds)},
  {title: 'F + B/image', leftOut: 2, cell: passesCell},
  {title: 'memory', leftOut: 3, cell: ({peakMemoryBytes}) => memoryCell(peakMemoryBytes)},
];

/** What is tried until the table fits: the last one is the narrowest. */
const FORMS = [true, false].flatMap((withDeviation) =>
  [3, 2, 1, 0].map((leftOut) => ({withDeviation, leftOut})),
);

/** A row for each method in at most `columns` columns, if that can be, and what is to be said of them. */
export function comparisonTable(comparison: Comparison, columns: number, stream: Output): string {
  const {methods} = comparison;
  const forms = FORMS.map((form) => padded(cellsOf(comparison, form)));
  const table = forms.find((rows) => widthOf(rows) <= columns) ?? forms.at(-1) ?? [];
  const styles = stylesOf(methods);
  const der = 4;
  const lines = table.map((row, i) => {
    const style = styles.get(i - 2);
    return row
      .map((cell, k) => (k === der && style !== undefined ? painted(style, cell, stream) : cell))
      .join('  ')
      .trimEnd();
  });
  return [...lines, ...legend(comparison)].join('\n');
}

function cellsOf(
  {before, methods}: Comparison,
  {withDeviation, leftOut}: (typeof FORMS)[number],
): string[][] {
  const hasVerdicts = methods.some(({runs}) => verdictsOf(runs) !== '');
  const columns = COLUMNS.filter(
    (column) => column.leftOut <= leftOut && (hasVerdicts || column.title !== BACKDOOR),
  );
  const isWhole = methods.every(({runs}) => runs.every(({kind}) => kind === 'done'));
  const none = [before?.acc, before?.asr, before?.ra].map((share) => percentOf(share ?? null));
  const rows = [
    ['', ...columns.map(({title}) => title), 'runs'],
    ['no defense', ...columns.map((_, i) => none[i] ?? '-'), '-'],
    ...methods.map((method) => [
      method.poisonedTrain ? `${method.method} *` : method.method,
      ...columns.map(({cell}) => cell(method, withDeviation)),
      `${method.runs.filter(({kind}) => kind === 'done').length}/${method.runs.length}`,
    ]),
  ];
  return isWhole ? rows.map((row) => row.slice(0, -1)) : rows;
}

function shareCell(spread: Spread | null, withDeviation: boolean, oracle: boolean): string {
  if (spread === null) return '-';
  const {mean, deviation} = spread;
  const more = withDeviation && deviation !== null ? ` ± ${percentOf(deviation)}` : '';
  const text = `${percentOf(mean)}${more}`;
  return oracle ? `[${text}]` : text;
}

function percentOf(share: number | null): string {
  return share === null ? '-' : (100 * share).toFixed(2);
}

function timeCell(seconds: Spread | null): string {
  if (seconds === null) return '-';
  return seconds.mean < 10 ? `${seconds.mean.toFixed(1)} s` : duration(seconds.mean);
}

/** Passes of each clean image, forward and backward. */
function passesCell({forwardPerImage, backwardPerImage}: ComparedMethod): string {
  if (forwardPerImage === null || backwardPerImage === null) return '-';
  return [forwardPerImage, backwardPerImage].map(({mean}) => shortCount(mean)).join(' + ');
}

function shortCount(count: number): string {
  return Number.isInteger(count) ? String(count) : count.toFixed(1);
}

function memoryCell(bytes: Spread | null): string {
  if (bytes === null) return '-';
  const mebibytes = bytes.mean / 2 ** 20;
  return mebibytes < 1000 ? `${mebibytes.toFixed(0)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

function padded(rows: readonly (readonly string[])[]): string[][] {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))),
  );
}

function widthOf(rows: readonly (readonly string[])[]): number {
  return Math.max(0, ...rows.map((row) => row.join('  ').length));
}

/** The best and the second DER by the number of the method; no method that an oracle helped. */
function stylesOf(methods: readonly ComparedMethod[]): ReadonlyMap<number, 'best' | 'second'> {
  const ranked = methods
    .flatMap(({der, oracle}, i) => (der === null || oracle ? [] : [{i, mean: der.mean}]))
    .toSorted((a, b) => b.mean - a.mean);
  const [best, second] = ranked;
  if (best === undefined || second === undefined) return new Map();
  return new Map([
    [best.i, 'best'],
    [second.i, 'second'],
  ]);
}

/** What the table cannot say: brackets, what keeps runs from being compared, and why there is no result. */
function legend({methods, notes}: Comparison): string[] {
  const brackets = methods.some(({oracle}) => oracle)
    ? ['[ ]: chosen by test images or by the ASR, which a defender does not have']
    : [];
  const stars = methods.some(({poisonedTrain}) => poisonedTrain)
    ? ['*: has images with the trigger, and not clean ones alone']
    : [];
  const lines = [
    ...brackets,
    ...stars,
    ...notes.map((note) => `note: ${note}`),
    ...methods.flatMap(reasons),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

/** A line for each different reason. */
function reasons({method, runs}: ComparedMethod): string[] {
  const failed = runs.filter((run) => run.kind === 'failed');
  const texts = [...new Set(failed.map(reasonOf))];
  return texts.map((text) => {
    const seeds = failed.filter((run) => reasonOf(run) === text).map(({seed}) => seed);
    return `${method}, ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}: ${text}`;
  });
}

function reasonOf({message, code}: Extract<ComparedRun, {kind: 'failed'}>): string {
  return `${message.replaceAll('\n', '\n  ')} (${code})`;
}
