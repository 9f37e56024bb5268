import {type FileHandle, open} from 'node:fs/promises';
import {join} from 'node:path';
import {unwritableFile} from '../base/whole_file.js';
import {TABLES, type TableName} from '../records/layout.js';
import type {Metrics} from '../run/metrics.js';
import type {Progress} from '../run/progress.js';

export type TableRow = Extract<Progress, {kind: 'row'}>;

/** Where a column has its values: the row's number from 0, nowhere, a cell, or a measurement. */
export type CellSource = 'row' | 'none' | `cells.${string}` | `metrics.${keyof Metrics}`;

/** The form of a table: CSV with an index that has no name, or columns behind a separator alone. */
export interface TableForm {
  readonly columns: readonly (readonly [header: string, source: CellSource, decimals?: number])[];
  /** Without it: a CSV with an index. */
  readonly separator?: string;
}

export type TableForms = Readonly<Partial<Record<TableName, TableForm>>>;

interface Table {
  readonly file: Promise<FileHandle>;
  rows: number;
}

/** Writes the tables of a defense row by row as they come. */
export class TableWriter {
  readonly #folder: string;
  readonly #forms: TableForms;
  readonly #tables = new Map<string, Table>();
  #pending: Promise<unknown> = Promise.resolve();
  #failure: {readonly path: string; readonly cause: unknown} | undefined;

  constructor(folder: string, forms: TableForms) {
    this.#folder = folder;
    this.#forms = forms;
  }

  /** The tables that have rows, by their names. */
  get files(): Readonly<Record<string, string>> {
    const names = Object.keys(this.#forms).filter((name) => this.#tables.has(name));
    return Object.fromEntries(names.map((name) => [name, this.#path(name)]));
  }

  /** Queues one row. Never waits and never throws: `close` reports a failure to write. */
  append(row: TableRow): void {
    const form = this.#forms[row.table as TableName];
    if (form === undefined) return;
    const path = this.#path(row.table);
    const table = this.#tables.get(row.table) ?? this.#begin(row.table);
    const header = table.rows === 0 ? headerOf(form) : '';
    const line = header + lineOf(form, table.rows, row);
    table.rows += 1;
    this.#enqueue(path, async () => (await table.file).appendFile(line));
  }

  /** Waits until every row is on the disk. Throws ERR_OUTPUT if one could not be written. */
  async close(): Promise<void> {
    for (const [name, {file}] of this.#tables) {
      this.#enqueue(this.#path(name), async () => {
        const handle = await file;
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      });
    }
    await this.#pending;
    if (this.#failure !== undefined) throw unwritableFile(this.#failure.path, this.#failure.cause);
  }

  #begin(name: string): Table {
    const table = {file: open(this.#path(name), 'w'), rows: 0};
    table.file.catch(() => undefined); // its first row may wait for those of other tables, and tells it then
    this.#tables.set(name, table);
    return table;
  }

  #path(name: string): string {
    return join(this.#folder, TABLES[name as TableName]);
  }

  #enqueue(path: string, work: () => Promise<unknown>): void {
    this.#pending = this.#pending.then(work).catch((cause: unknown) => {
      this.#failure ??= {path, cause};
    });
  }
}

function headerOf({columns, separator}: TableForm): string {
  const headers = columns.map(([header]) => header);
  return `${separator === undefined ? ['', ...headers].join(',') : headers.join(separator)}\n`;
}

function lineOf({columns, separator}: TableForm, index: number, row: TableRow): string {
  const cells = columns.map(([, source, decimals]) => textOf(cellOf(source, index, row), decimals));
  if (separator !== undefined) return `${cells.join(separator)}\n`;
  return `${[index, ...cells.map(quoted)].join(',')}\n`;
}

/** As CSV has a text with a comma in it. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellOf(source: CellSource, index: number, {cells, metrics}: TableRow) {
  if (source === 'row') return index;
  if (source === 'none') return null;
  const [kind, name = ''] = source.split('.');
  if (kind === 'cells') return cells[name] ?? null;
  return metrics?.[name as keyof Metrics] ?? null;
}

function textOf(cell: number | string | null, decimals: number | undefined): string {
  if (cell === null) return '';
  return typeof cell === 'number' && decimals !== undefined ? cell.toFixed(decimals) : String(cell);
}
