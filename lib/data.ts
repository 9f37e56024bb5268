import {fetchPlanned} from './data/fetch.js';
import {type FetchPlan, planFetch, shownFrom} from './data/plan.js';
import type {FormatName} from './datasets/known.js';
import type {DownloadRunOptions} from './download/progress.js';
import {parseFetchConfig} from './options/config.js';
import type {FetchOptions} from './options/documented.js';
import type {FetchConfig} from './options/types.js';

/** What {@link fetchDataset} did. */
export interface FetchResult {
  /** present: the data set was there already, and nothing was done. */
  readonly action: 'fetched' | 'present';
  /** Which one. */
  readonly dataset: FetchConfig['dataset'];
  /** Its folder, which `data` takes. */
  readonly path: string;
  /** How it lies there. */
  readonly format: FormatName;
  /** Number of classes. */
  readonly numClasses: number;
  /** Training images. */
  readonly trainCount: number;
  /** Test images. */
  readonly testCount: number;
  /** Addresses or paths of the archives. */
  readonly from: readonly string[];
}

/**
 * Fetches a data set from its authors, or from `from`, and unpacks it where `attack` and `defend` look: to
 * `<out>/<dataset>`. The checksums of the archives are checked before anything is unpacked. A second call, even of
 * another process at the same time, finds it there. Throws ERR_CONFIG, ERR_DOWNLOAD, ERR_CHECKSUM, ERR_ARCHIVE,
 * ERR_OUTPUT, or the reason of the signal.
 * @example
 * ```ts
 * const {path} = await fetchDataset({dataset: 'cifar10', out: 'data'});
 * await attack({kind: 'badnet', data: path});
 * ```
 */
export async function fetchDataset(
  options: FetchOptions,
  runOptions: DownloadRunOptions = {},
): Promise<FetchResult> {
  runOptions.signal?.throwIfAborted();
  return carryOutFetch(await planFetch(parseFetchConfig(options)), runOptions);
}

/** Carries out a plan. */
export async function carryOutFetch(
  plan: FetchPlan,
  {signal, onProgress}: DownloadRunOptions = {},
): Promise<FetchResult> {
  const {dataset, wasPresent} = await fetchPlanned(plan, {
    signal: signal ?? new AbortController().signal,
    onProgress: onProgress ?? (() => undefined),
    advice: {
      elsewhere: `fetch the archives elsewhere and pass their folder with \`npx sau-native data ${plan.dataset} --from FOLDER\``,
      space: 'Free some, or choose another folder with `--out`.',
    },
  });
  const {format, numClasses, trainCount, testCount} = dataset;
  return {
    action: wasPresent ? 'present' : 'fetched',
    dataset: plan.dataset,
    path: plan.destination,
    ...{format, numClasses, trainCount, testCount},
    from: plan.archives.map(shownFrom),
  };
}
