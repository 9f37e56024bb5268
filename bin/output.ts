import {printableJson} from '../lib/base/printable.js';
import type {DoctorProblem} from '../lib/doctor.js';
import type {Metrics} from '../lib/run/metrics.js';

/** The result of a command, and nothing else, goes to stdout. */
export function printResult(json: boolean, result: unknown, human: () => string): void {
  process.stdout.write(`${json ? printableJson(result) : human()}\n`);
}

/** 0.9123 -> "91.23 %"; "-" if it was not measured. */
export function percent(fraction: number | null): string {
  return fraction === null ? '-' : `${(100 * fraction).toFixed(2)} %`;
}

function decimal(value: number | null): string {
  return value === null ? '-' : value.toFixed(4);
}

/** One line per model: ACC, ASR, RA, and the three losses. */
export function metricsTable(rows: readonly (readonly [name: string, metrics: Metrics])[]): string {
  return alignColumns([
    ['', 'ACC', 'ASR', 'RA', 'clean loss', 'poisoned loss', 'RA loss'],
    ...rows.map(([name, m]) => [
      name,
      percent(m.acc),
      percent(m.asr),
      percent(m.ra),
      decimal(m.cleanLoss),
      decimal(m.poisonedLoss),
      decimal(m.raLoss),
    ]),
  ]);
}

/** "DER 97.50 %", or why there is none. */
export function derLine(der: number | null): string {
  return der === null ? 'DER not measured' : `DER ${percent(der)}`;
}

/** The written files, one line each with name and path. */
export function fileTable(files: object): string {
  const rows = Object.entries(files).flatMap(([name, path]: [string, unknown]) =>
    typeof path === 'object' && path !== null ? Object.entries(path) : [[name, path]],
  );
  return alignColumns(
    rows.map(([name, path]) => [String(name), String(path)]),
    'left',
  );
}

/** 75.2 -> "1:15", for time left and total time. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** Text in columns. The first column is aligned left, the others as `align` says. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  const pad = (cell: string, i: number) => {
    const width = widths[i] ?? 0;
    return i === 0 || align === 'left' ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Problems in words: what is wrong, and what to do next. */
export function problemLines(problems: readonly DoctorProblem[]): string[] {
  return problems.flatMap(({code, severity, problem, remedy}) => [
    '',
    `${severity}: ${problem.replaceAll('\n', '\n  ')} (${code})`,
    `   so: ${remedy}`,
  ]);
}
