import {join} from 'node:path';
import {assertNever} from '../base/errors.js';
import {writePng} from '../datasets/write_pngs.js';
import type {DefenseName} from '../defenses/defenses.js';
import type {DefenseEntry} from '../defenses/entry.js';
import {removeDefense} from '../records/defense_result.js';
import type {Reported} from '../records/defense_state.js';
import {defenseCsv, PICTURES, type PictureName, RUN} from '../records/layout.js';
import type {Progress} from '../run/progress.js';
import type {DefendFiles, RoundReport} from '../run/results.js';
import {RoundWriter} from './round_writer.js';
import {type TableRow, TableWriter} from './table_writer.js';

/** A list of files under its name; nothing where it is empty. */
function present<Name extends string>(
  name: Name,
  files: Readonly<Record<string, string>>,
): {readonly [N in Name]?: Readonly<Record<string, string>>} {
  return Object.keys(files).length === 0 ? {} : ({[name]: files} as {[N in Name]: typeof files});
}

/** The rows of the rounds and of the tables. Until the first has come, what a killed run has left stays as it was. */
export class RoundRows {
  readonly #out: string;
  readonly #method: DefenseName;
  readonly #entry: DefenseEntry;
  readonly #tables: TableWriter;
  readonly #pictures = new Map<string, string>();
  #writer: Promise<RoundWriter> | undefined;
  /** What is to be closed, also where a later row could not be written. */
  #opened: RoundWriter | null = null;

  constructor(out: string, method: DefenseName, entry: DefenseEntry) {
    this.#out = out;
    this.#method = method;
    this.#entry = entry;
    this.#tables = new TableWriter(out, entry.tables ?? {});
  }

  get isBegun(): boolean {
    return this.#writer !== undefined;
  }

  get files(): Pick<DefendFiles, 'csv' | 'jsonl' | 'tables' | 'pictures'> {
    return {
      csv: join(this.#out, defenseCsv(this.#method)),
      jsonl: join(this.#out, RUN.rounds),
      ...present('tables', this.#tables.files),
      ...present('pictures', Object.fromEntries(this.#pictures)),
    };
  }

  /** Queues one round; never waits and never throws: a failure to write appears in `close`. */
  append(report: RoundReport): void {
    this.#write((writer) => writer.append(report));
  }

  /** Queues a row of a table likewise. */
  appendRow(row: TableRow): void {
    this.#write(() => this.#tables.append(row));
  }

  /** Queues a picture likewise. */
  appendPicture({name, planes, ...size}: Extract<Progress, {kind: 'picture'}>): void {
    if (!this.#entry.pictures?.some((own) => own === name)) return;
    const path = join(this.#out, PICTURES[name as PictureName]);
    this.#pictures.set(name, path);
    this.#write(() => writePng(planes, size, path));
  }

  /** Queues what a run has reported likewise. */
  add(reported: Reported): void {
    switch (reported.kind) {
      case 'round':
        this.append(reported.report);
        break;
      case 'row':
        this.appendRow(reported);
        break;
      case 'picture':
        this.appendPicture(reported);
        break;
      default:
        assertNever(reported);
    }
  }

  /** Waits until every round is on the disk. Throws ERR_OUTPUT if one could not be written. */
  async close(): Promise<void> {
    try {
      await this.#writer;
    } finally {
      try {
        await this.#tables.close();
      } finally {
        await this.#opened?.close();
      }
    }
  }

  #write(write: (writer: RoundWriter) => unknown): void {
    this.#writer = (this.#writer ?? this.#begin()).then(async (writer) => {
      await write(writer);
      return writer;
    });
    this.#writer.catch(() => undefined); // `close` throws it
  }

  async #begin(): Promise<RoundWriter> {
    await removeDefense(this.#out, this.#method);
    const {columns} = this.#entry;
    this.#opened = await RoundWriter.open(this.#out, defenseCsv(this.#method), columns);
    return this.#opened;
  }
}
