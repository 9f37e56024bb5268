import {basename, dirname, join, relative, resolve} from 'node:path';
import {DATA_FOLDER, FETCHED_NAMES, type FetchedName, findKnown, type KnownName} from './known.js';

/** A data set that could be fetched to where it is missing. */
export interface FetchHint {
  readonly dataset: FetchedName;
  /** The folder of the data sets. */
  readonly out: string;
}

/**
 * How the data set that is missing in a folder is fetched there: that of the folder's name, as in data/cifar10, or the
 * one that is asked for. null where that is none with a source.
 */
export function fetchHintOf(folder: string, asked: KnownName | null = null): FetchHint | null {
  const named = findKnown(basename(folder))?.name;
  const dataset = FETCHED_NAMES.find((name) => name === (named ?? asked));
  if (dataset === undefined || (asked ?? dataset) !== dataset) return null;
  // Under another name of it, the folder is not the one that would be fetched.
  const isItsFolder = dataset === basename(folder);
  return {dataset, out: isItsFolder ? dirname(resolve(folder)) : resolve(folder)};
}

/** "Fetch it with `npx sau-native data cifar10`." */
export function fetchAdvice({dataset, out}: FetchHint): string {
  const isUsual = relative(resolve(DATA_FOLDER), out) === '';
  return `Fetch it with \`npx sau-native data ${dataset}${isUsual ? '' : ` --out ${out}`}\``;
}

/** A record of an attack: its file, and what it calls its data set. */
interface RecordOfImages {
  readonly path: string;
  readonly datasetName: string;
}

/** Where the official tool has the data set of a record, and where `data` brings it; null for an unknown one. */
export function usualPlaceOf({path, datasetName}: RecordOfImages): string | null {
  const name = findKnown(datasetName)?.name;
  return name === undefined ? null : join(dirname(path), '..', '..', DATA_FOLDER, name);
}
