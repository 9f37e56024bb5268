import {dirname} from 'node:path';
import {printableJson} from '../lib/base/printable.js';
import type {DoctorProblem} from '../lib/doctor.js';
import type {RunSummary} from '../lib/records/run_summary.js';
import {SCHEMA_VERSION} from '../lib/records/schema_version.js';
import type {Metrics} from '../lib/run/metrics.js';
import type {Printed} from './outputs.js';

/** What a command prints as JSON, without the version of its form. */
export type Document<Name extends keyof Printed> = Omit<Printed[Name], 'schemaVersion'>;

/** The result of a command, and nothing else, goes to stdout: as the JSON of that name, or in words. */
export async function printResult<Name extends keyof Printed>(
  json: boolean,
  name: Name,
  document: () => Document<Name> | Promise<Document<Name>>,
  human: () => string,
): Promise<void> {
  process.stdout.write(json ? jsonOf(name, await document()) : `${human()}\n`);
}

/** A document as it is printed. */
export function jsonOf<Name extends keyof Printed>(_: Name, document: Document<Name>): string {
  return `${printableJson({schemaVersion: SCHEMA_VERSION, ...document})}\n`;
}

/** With what a run was computed, by its `run.json`. */
export async function madeBy(run: string): Promise<Pick<RunSummary, 'versions' | 'seed'>> {
  const {readRun} = await import('../lib/records/run.js');
  const {versions, seed} = await readRun(dirname(run));
  return {versions, seed};
}

/** With what this process computes. */
export async function madeHere(): Promise<Pick<RunSummary, 'versions'>> {
  const {versions} = await import('../lib/native/versions.js');
  return {versions: await versions()};
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
