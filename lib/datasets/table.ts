import {damagedDataFile, readDataFile} from './data_file.js';

/** A row of a table, and where it stands, for messages. */
export interface Row {
  readonly cells: readonly string[];
  /** From 1. */
  readonly line: number;
}

/** Rows of a text file with a separator; empty lines are left out. Throws ERR_DATASET. */
export async function readTable(path: string, separator: string, of: string): Promise<Row[]> {
  const text = (await readDataFile(path, of)).toString('utf8').replace(/^\uFEFF/, '');
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '') return [];
    return [{cells: line.split(separator).map((cell) => cell.trim()), line: i + 1}];
  });
}

/**
 * The name of an image in a row's first cell, which must be one of the files. Throws ERR_DATASET for a row without
 * one.
 */
export function imageOf({cells, line}: Row, table: string, of: string, files: ReadonlySet<string>) {
  const [name = ''] = cells;
  if (files.has(name)) return name;
  throw damagedDataFile(table, of, {
    expected: 'a row for each image',
    found: `${JSON.stringify(name)} in line ${line}, and no such image`,
  });
}
