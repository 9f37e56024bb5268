import {type FileHandle, open} from 'node:fs/promises';
import {join} from 'node:path';
import {unwritableFile} from '../base/whole_file.js';
import {RUN} from '../records/layout.js';
import {SCHEMA_VERSION} from '../records/schema_version.js';
import type {RoundReport} from '../run/results.js';
import type {RoundColumns} from './round_columns.js';
import {csvHeader, csvRow} from './round_csv.js';

/**
 * Writes each round as it completes, so that a killed run keeps its rows: to a CSV with the official columns, and
 * to `rounds.jsonl` with a whole RoundReport per line.
 */
export class RoundWriter {
  readonly csv: string;
  readonly jsonl: string;
  readonly #columns: RoundColumns;
  readonly #csvFile: FileHandle;
  readonly #jsonlFile: FileHandle;
  #rows = 0;
  #pending: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(
    columns: RoundColumns,
    paths: {csv: string; jsonl: string},
    csvFile: FileHandle,
    jsonlFile: FileHandle,
  ) {
    this.#columns = columns;
    this.csv = paths.csv;
    this.jsonl = paths.jsonl;
    this.#csvFile = csvFile;
    this.#jsonlFile = jsonlFile;
  }

  /** Starts both files anew in an existing folder; `csv` is the name of the CSV. Throws ERR_OUTPUT. */
  static async open(folder: string, csv: string, columns: RoundColumns): Promise<RoundWriter> {
    const paths = {csv: join(folder, csv), jsonl: join(folder, RUN.rounds)};
    const opened = (path: string): Promise<FileHandle> =>
      open(path, 'w').catch((cause: unknown) => {
        throw unwritableFile(path, cause);
      });
    const csvFile = await opened(paths.csv);
    try {
      const jsonlFile = await opened(paths.jsonl);
      const writer = new RoundWriter(columns, paths, csvFile, jsonlFile);
      writer.#enqueue(() => writer.#csvFile.appendFile(csvHeader(columns)));
      return writer;
    } catch (error) {
      await csvFile.close();
      throw error;
    }
  }

  /** Queues one round. Never waits and never throws: `close` reports a failure to write. */
  append(report: RoundReport): void {
    const index = this.#rows++;
    this.#enqueue(async () => {
      await this.#csvFile.appendFile(csvRow(this.#columns, index, report));
      await this.#jsonlFile.appendFile(
        `${JSON.stringify({schemaVersion: SCHEMA_VERSION, ...report})}\n`,
      );
    });
  }

  /** Waits until every round is on the disk. Throws ERR_OUTPUT if one could not be written. */
  async close(): Promise<void> {
    this.#enqueue(async () => {
      await this.#csvFile.sync();
      await this.#jsonlFile.sync();
    });
    for (const file of [this.#csvFile, this.#jsonlFile]) this.#enqueue(() => file.close());
    await this.#pending;
    if (this.#failure !== undefined) {
      throw unwritableFile(this.csv, this.#failure);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#pending = this.#pending.then(work).catch((error: unknown) => {
      this.#failure ??= error;
    });
  }
}
