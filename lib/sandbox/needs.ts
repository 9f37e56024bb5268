import {existsSync, readdirSync, realpathSync, statSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {DATA_FOLDER} from '../datasets/known.js';
import type {OptionTable} from '../options/option.js';
import {
  comparisonFolder,
  DEFENSE,
  defenseFolder,
  RECORD,
  RUN,
  recordAbove,
  scanFolder,
} from '../records/layout.js';
import {folderAbove} from '../records/record_paths.js';

/** The files and folders that a command needs besides the program itself. */
export interface Needs {
  /** What it reads. */
  readonly reads: readonly string[];
  /** The folder that it makes and writes, if any. */
  readonly makes?: string;
  /** Folders that are there and that it writes. */
  readonly writes?: readonly string[];
  /** Whether it may keep images in a temporary file. */
  readonly spills?: boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** What a command with a checkpoint needs, by its checked options. */
export function needsOfModel(
  table: OptionTable,
  config: Values & {readonly ckpt: string; readonly data: string | null},
): Needs {
  const records = [config.ckpt, config.against, config.poisoned].flatMap((path) =>
    typeof path === 'string' ? [path] : [],
  );
  return {
    reads: [
      ...namedPaths(table, config),
      ...records.flatMap(placesOfCheckpoint),
      ...(config.data === null ? records.flatMap(placesOfData) : []),
    ],
    spills: true,
  };
}

/** What an attack needs, by its checked options: where no data set is named, it takes the usual one. */
export function needsOfAttack(
  table: OptionTable,
  config: Values & {readonly out: string; readonly data: string | null},
): Needs {
  return {
    reads: [...namedPaths(table, config), ...(config.data === null ? [DATA_FOLDER] : [])],
    makes: config.out,
    spills: true,
  };
}

/** The paths that options name, but for those of results. */
export function namedPaths(table: OptionTable, config: Values): readonly string[] {
  return Object.entries(table).flatMap(([name, option]) => {
    const value = config[name];
    const isPath = option.type === 'path' || 'orPath' in option || 'orFile' in option;
    const isRead = isPath && name !== 'out' && name !== 'recordRoot';
    return isRead && typeof value === 'string' && existsSync(value) ? [value] : [];
  });
}

/** Where a command puts its results if `out` is not given: beside the checkpoint. */
export const DEFAULT_OUT = {
  defend: (ckpt: string, method: string) => defenseFolder(folderOf(ckpt), method),
  compare: (ckpt: string) => comparisonFolder(folderOf(ckpt)),
  scan: (ckpt: string) => scanFolder(folderOf(ckpt)),
} as const;

function folderOf(ckpt: string): string {
  return statSync(ckpt, {throwIfNoEntry: false})?.isDirectory() ? ckpt : dirname(ckpt);
}

/** The files of a record by their names, and the folders of its images by the ends of theirs. */
const BESIDE: ReadonlySet<string> = new Set([RECORD, DEFENSE, RUN].flatMap(Object.values));
const IMAGES = /_dataset$/;

/**
 * A checkpoint and what belongs to it: of a folder everything, of a file that may lie anywhere only what a record has. Then the
 * record that a defense is of, and the folders `record` that images may be in (see createPngResolver).
 */
export function placesOfCheckpoint(path: string): readonly string[] {
  const folder = folderOf(path);
  const above = recordAbove(folder);
  const project = folderAbove(resolve(folder), 'record');
  return [
    ...(folder === path ? [path] : [path, ...recordIn(folder)]),
    ...(existsSync(join(above, RECORD.result)) ? recordIn(above) : []),
    ...['record', ...(project === null ? [] : [join(project, 'record')])],
  ];
}

/** The record that a defense is of, where it lies in one; else the checkpoint itself. */
export function recordOfModel(path: string): string {
  const above = join(recordAbove(folderOf(path)), RECORD.result);
  return existsSync(above) ? above : path;
}

function recordIn(folder: string): readonly string[] {
  return namesIn(folder, (name) => BESIDE.has(name) || IMAGES.test(name));
}

/** The folders `data...` in which the data set of a record is looked for (see datasetRootsOf). */
export function placesOfData(checkpoint: string): readonly string[] {
  const folder = resolve(folderOf(checkpoint));
  const real = existsSync(folder) ? realpathSync(folder) : folder;
  const project = folderAbove(real, 'record');
  const official = real.indexOf('record');
  const roots = [
    ...['.', join(real, '..', '..'), join(folder, '..', '..')],
    ...(project === null ? [] : [project]),
    ...(official < 0 ? [] : [resolve(real.slice(0, official))]),
  ];
  return roots.flatMap((root) => namesIn(root, (name) => name.startsWith('data')));
}

function namesIn(folder: string, isWanted: (name: string) => boolean): readonly string[] {
  try {
    return readdirSync(folder)
      .filter(isWanted)
      .map((name) => join(folder, name));
  } catch {
    return []; // whoever reads there says why it cannot
  }
}
