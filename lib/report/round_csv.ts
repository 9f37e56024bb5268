import type {Metrics} from '../run/metrics.js';
import type {RoundReport} from '../run/results.js';
import type {ColumnSource, RoundColumns} from './round_columns.js';

/** The header line: the first column is an index without a name. */
export function csvHeader(columns: RoundColumns): string {
  return `${['', ...columns.map(([header]) => header)].join(',')}\n`;
}

/** One line of the table; `index` is the row's number from 0. What was not measured leaves its cell empty. */
export function csvRow(columns: RoundColumns, index: number, report: RoundReport): string {
  const cells = columns.map(([, source]) => cellText(cellOf(source, report)));
  return `${[String(index), ...cells].join(',')}\n`;
}

function cellOf(source: ColumnSource, {round, figures, metrics}: RoundReport): number | null {
  if (source === 'round') return round;
  if (source === 'none') return null;
  const [kind, name = ''] = source.split('.');
  if (kind === 'figures') return figures[name] ?? null;
  return metrics?.[name as keyof Metrics] ?? null;
}

function cellText(cell: number | null): string {
  if (cell === null) {
    return '';
  }
  return Number.isNaN(cell) ? 'nan_value' : String(cell);
}
