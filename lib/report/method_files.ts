import {open, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {DEFENSE_NAMES, type DefenseName, defenseOf} from '../defenses/defenses.js';
import {PICTURES, SCAN_FILES, TABLES, type TableName, triggerPicture} from '../records/layout.js';
import type {ScanSummary} from '../records/scan_summary.js';
import type {MethodPicture, MethodTable} from './html/input.js';

/** Larger files are not read to their end, and larger pictures not shown. */
const MOST_BYTES = 1 << 20;
const MOST_PICTURE_BYTES = 400_000;
const MOST_ROWS = 100;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The tables that a method wrote into its folder besides its rounds; none of a method that is not known. */
export async function methodTables(folder: string, method: string): Promise<MethodTable[]> {
  const forms = entryOf(method)?.tables ?? {};
  const tables: MethodTable[] = [];
  for (const [name, form] of Object.entries(forms)) {
    const file = TABLES[name as TableName];
    const text = await beginningOf(join(folder, file));
    if (text === null) continue;
    const separator = form.separator ?? ',';
    const [header = [], ...rows] = rowsOf(text, separator);
    // A table that has an index has it in a first column without a name.
    const first = header[0] === '' ? 1 : 0;
    tables.push({
      ...{name, file, header: header.slice(first)},
      rows: rows.slice(0, MOST_ROWS).map((row) => row.slice(first)),
      more: Math.max(0, rows.length - MOST_ROWS),
    });
  }
  return tables;
}

/** The pictures of a scan: of all its triggers, and of those of the classes that it names. */
export async function scanPictures(
  folder: string,
  {files, numClasses}: Pick<ScanSummary, 'files' | 'numClasses'>,
): Promise<MethodPicture[]> {
  const known = new Map([['triggers', SCAN_FILES.triggers as string]]);
  for (let label = 0; label < numClasses; label++) {
    known.set(`trigger_${label}`, triggerPicture(label));
  }
  const pictures: MethodPicture[] = [];
  for (const name of Object.keys(files)) {
    const file = known.get(name);
    const image = file === undefined ? null : await pictureAt(join(folder, file));
    if (file !== undefined && image !== null) pictures.push({name, file, image});
  }
  return pictures;
}

/** The pictures that a method wrote into its folder. */
export async function methodPictures(folder: string, method: string): Promise<MethodPicture[]> {
  const pictures: MethodPicture[] = [];
  for (const name of entryOf(method)?.pictures ?? []) {
    const file = PICTURES[name];
    const image = await pictureAt(join(folder, file));
    if (image !== null) pictures.push({name, file, image});
  }
  return pictures;
}

function entryOf(method: string) {
  const known = DEFENSE_NAMES.find((name): name is DefenseName => name === method);
  return known === undefined ? null : defenseOf(known);
}

/** A PNG as a data URI; null where there is none, or it is large. */
async function pictureAt(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size > MOST_PICTURE_BYTES) return null;
  const bytes = await readFile(path);
  if (!bytes.subarray(0, PNG.length).equals(PNG)) return null;
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

/** The text of a regular file, up to the last whole line of its first megabyte; null where there is none. */
async function beginningOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) return null;
  const handle = await open(path);
  try {
    const {bytesRead, buffer} = await handle.read(Buffer.alloc(Math.min(found.size, MOST_BYTES)));
    const text = buffer.toString('utf8', 0, bytesRead);
    return bytesRead < found.size ? text.slice(0, text.lastIndexOf('\n')) : text;
  } finally {
    await handle.close();
  }
}

/** CSV (RFC 4180), or columns behind another separator. */
export function rowsOf(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let cell = '';
  let row: string[] = [];
  let isQuoted = false;
  const endRow = (): void => {
    row.push(cell);
    if (row.length > 1 || row[0] !== '') rows.push(row);
    [cell, row] = ['', []];
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text[i] ?? '';
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[i + 1] === '"') cell += text[i++];
      else isQuoted = false;
    } else if (sign === '"') isQuoted = true;
    else if (sign === '\n') endRow();
    else if (text.startsWith(separator, i)) {
      row.push(cell);
      cell = '';
      i += separator.length - 1;
    } else if (sign !== '\r') cell += sign;
  }
  endRow();
  return rows;
}
