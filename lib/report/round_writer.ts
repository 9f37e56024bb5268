import {type FileHandle, open} from 'node:fs/promises';
import {join} from 'node:path';
import {defenseCsv, RECORD, RUN} from '../records/layout.js';
import type {RoundReport} from '../results.js';
import {unwritableFile} from '../whole_file.js';
import {type CsvKind, csvHeader, csvRow} from './round_csv.js';

/**
 * Writes each round as it completes, so that a killed run keeps its rows: a CSV with the official
 * columns and `rounds.jsonl` with our whole RoundReport, one a line.
 */
export class RoundWriter {
  readonly csv: string;
  readonly jsonl: string;
  readonly #kind: CsvKind;
  readonly #csvFile: FileHandle;
  readonly #jsonlFile: FileHandle;
  #rows = 0;
  #pending: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(
    kind: CsvKind,
    paths: {csv: string; jsonl: string},
    csvFile: FileHandle,
    jsonlFile: FileHandle,
  ) {
    this.#kind = kind;
    this.csv = paths.csv;
    this.jsonl = paths.jsonl;
    this.#csvFile = csvFile;
    this.#jsonlFile = jsonlFile;
  }

  /** Starts both files anew in an existing folder. Throws ERR_OUTPUT. */
  static async open(folder: string, kind: CsvKind): Promise<RoundWriter> {
    const name = kind === 'defense' ? defenseCsv('sau') : RECORD.csv;
    const paths = {csv: join(folder, name), jsonl: join(folder, RUN.rounds)};
    const opened = (path: string): Promise<FileHandle> =>
      open(path, 'w').catch((cause: unknown) => {
        throw unwritableFile(path, cause);
      });
    const csvFile = await opened(paths.csv);
    try {
      const jsonlFile = await opened(paths.jsonl);
      const writer = new RoundWriter(kind, paths, csvFile, jsonlFile);
      writer.#enqueue(() => writer.#csvFile.appendFile(csvHeader(kind)));
      return writer;
    } catch (error) {
      await csvFile.close();
      throw error;
    }
  }

  /** Queues one round; never waits and never throws: a failure to write appears in `close`. */
  append(report: RoundReport): void {
    const index = this.#rows++;
    this.#enqueue(async () => {
      await this.#csvFile.appendFile(csvRow(this.#kind, index, report));
      await this.#jsonlFile.appendFile(`${JSON.stringify(report)}\n`);
    });
  }

  /** Waits until every round is on the disk. Throws ERR_OUTPUT if one could not be written. */
  async close(): Promise<void> {
    this.#enqueue(async () => {
      await this.#csvFile.sync();
      await this.#jsonlFile.sync();
    });
    await this.#pending;
    await Promise.all([this.#csvFile.close(), this.#jsonlFile.close()]);
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
