import {readdir, stat} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {SauError} from './base/errors.js';
import {isWithin} from './base/path_within.js';
import {removeTemporariesOf} from './base/whole_file.js';
import {foreignByFolder} from './checkpoint/foreign_file.js';
import {FORMATS} from './datasets/formats.js';
import {describeDataset, type InspectedDataset} from './datasets/inspect_dataset.js';
import {
  datasetOf,
  type FoundDataset,
  findDataset,
  foldersOfDatasets,
} from './datasets/open_dataset.js';
import {parseInspectDatasetConfig} from './options/config.js';
import type {InspectDatasetOptions} from './options/documented.js';
import {named} from './options/named.js';
import {DEFENSE, DEFENSE_STATE, RECORD} from './records/layout.js';
import {writeContactSheet} from './report/contact_sheet.js';
import {imageCounter, type RunOptions} from './run/progress.js';
import {type Run, startRun} from './run/run.js';

/** Files by which a folder is told to be a record, or the result of a defense. */
const RECORD_FILES = [
  RECORD.result,
  DEFENSE.result,
  RECORD.checkpoint,
  DEFENSE_STATE,
  RECORD.info,
] as const;

/**
 * Says whether a path is to be inspected as a data set or as a checkpoint, of which a file is always one. Throws
 * ERR_CHECKPOINT for a folder that is both, or neither.
 */
export async function inspectedAs(path: string): Promise<'checkpoint' | 'dataset'> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  if (!isFolder) return 'checkpoint';
  const names = await readdir(path).catch((): string[] => []);
  const record = RECORD_FILES.find((name) => names.includes(name));
  const folders = await foldersOfDatasets(path);
  if (record !== undefined) {
    if (!folders.includes(resolve(path))) return 'checkpoint';
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a record or a data set in ${path} but found both: ${record} and a data set.`,
      {
        remedy: `Name the file ${join(path, record)}, or say with ${named('dataset')} which data set it is.`,
        details: {path, record},
      },
    );
  }
  if (folders.length > 0) return 'dataset';
  if (foreignByFolder(names) !== null) return 'checkpoint';
  const layouts = FORMATS.map(({layout}) => layout).join(', ');
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected a record (${RECORD_FILES.join(', ')}) or a data set (${layouts}) in the folder ${path} but found neither.`,
    {
      remedy: 'Name the checkpoint file itself, or the folder of the data set.',
      details: {path, files: RECORD_FILES, formats: FORMATS.map(({name}) => name)},
    },
  );
}

/**
 * Describes a data set: format, splits, classes, images per class, sizes, what is wrong, and what a run on it is
 * told. Of image files it reads the headers alone. With `preview` it draws some images of each class. Works without
 * LibTorch. Throws ERR_CONFIG, ERR_DATASET, ERR_OUTPUT.
 * @example
 * ```ts
 * const {title, classes, train, sizes, options} = await inspectDataset({data: 'data/cifar10'});
 * ```
 */
export function inspectDataset(
  options: InspectDatasetOptions & {readonly data: string | URL},
  run: RunOptions = {},
): Run<InspectedDataset> {
  return startRun(run, async (told) => {
    const {data, dataset, preview} = parseInspectDatasetConfig(options);
    const loading = (doing: 'finding' | 'reading' | 'checking') => ({
      signal: told.signal,
      onImages: imageCounter(told, doing),
    });
    told.onProgress({kind: 'stage', message: `reading ${data}`});
    const found = await findDataset({path: data, dataset, scan: loading('finding')});
    if (preview !== null) refuseWithin(found.path, resolve(preview));
    const description = await describeDataset(
      found,
      {data: resolve(data), dataset},
      {labels: loading('reading'), headers: loading('checking')},
    );
    if (preview === null) return {...description, preview: null};
    told.onProgress({kind: 'stage', message: 'drawing the preview'});
    const path = resolve(preview);
    await removeTemporariesOf(dirname(path), [basename(path)]); // of a killed call
    await drawPreview(path, found, description, loading('reading'));
    return {...description, preview: path};
  });
}

/** Side of images of many sizes on the preview, in pixels. */
const PREVIEW_SIDE = 64;

async function drawPreview(
  path: string,
  found: FoundDataset,
  {unreadable}: Pick<InspectedDataset, 'unreadable'>,
  loading: Parameters<typeof writeContactSheet>[3],
): Promise<void> {
  const size = found.files.size ?? {height: PREVIEW_SIDE, width: PREVIEW_SIDE};
  const {paths, ...train} = found.files.train;
  const labels = await train.labels({signal: loading.signal});
  const left = new Set(unreadable.map(({file}) => file));
  const drawn = labels.map((label, i) => (left.has(paths?.[i] ?? '') ? -1 : label));
  await writeContactSheet(path, datasetOf(found, {size}), drawn, loading);
}

/** A picture in a folder of images would become one of them. */
function refuseWithin(folder: string, preview: string): void {
  const holder = dirname(preview);
  if (holder === folder || !isWithin(folder, holder)) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected a file outside of the folders in ${folder} for ${named('preview')} but received ${preview}.`,
    {remedy: `Write ${basename(preview)} to another folder.`, details: {folder, preview}},
  );
}
