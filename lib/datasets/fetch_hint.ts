import {basename, dirname, relative, resolve} from 'node:path';
import {DATA_FOLDER, FETCHED_NAMES, type FetchedName} from './known.js';

/** A data set that could be fetched to where it is missing. */
export interface FetchHint {
  readonly dataset: FetchedName;
  /** The folder of the data sets. */
  readonly out: string;
}

/** How the data set of a folder such as data/cifar10 is fetched there; null where that is none with a source. */
export function fetchHintOf(folder: string): FetchHint | null {
  const dataset = FETCHED_NAMES.find((name) => name === basename(folder));
  return dataset === undefined ? null : {dataset, out: dirname(resolve(folder))};
}

/** "Fetch it with `npx sau-native data cifar10`." */
export function fetchAdvice({dataset, out}: FetchHint): string {
  const isUsual = relative(resolve(DATA_FOLDER), out) === '';
  return `Fetch it with \`npx sau-native data ${dataset}${isUsual ? '' : ` --out ${out}`}\``;
}
