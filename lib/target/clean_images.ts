import {SauError} from '../base/errors.js';
import {
  type CleanSpec,
  type CleanSubset,
  chooseBalancedSubset,
  chooseCleanSubset,
  parseCleanSpec,
  type SubsetRule,
} from '../datasets/clean_subset.js';
import type {Dataset} from '../datasets/dataset.js';
import {fetchAdvice} from '../datasets/fetch_hint.js';
import {Scan} from '../datasets/image_files.js';
import {loadCleanFolder} from '../datasets/image_folder.js';
import type {ImageSet} from '../datasets/image_set.js';
import {defenseOf} from '../defenses/defenses.js';
import {named} from '../options/named.js';
import type {DefendConfig} from '../options/types.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import {hintOf, type Target} from './target.js';

/** How the clean images of a run are drawn: as the user says, else as is usual for its method. Throws ERR_CONFIG. */
export function subsetOf(config: DefendConfig): SubsetRule {
  const spec = parseCleanSpec(config.clean);
  if (spec.kind === 'ratio' || spec.kind === 'count') {
    return config.subset ?? defenseOf(config.method).subset?.(config) ?? 'random';
  }
  if (config.subset !== 'balanced') return 'random'; // nothing is drawn
  throw new SauError(
    'ERR_CONFIG',
    `Expected a share or a number of images for ${named('clean')} beside ${named('subset')} balanced but received ${spec.path}.`,
    {remedy: `Leave out ${named('subset')} to take these images.`, details: {clean: spec.path}},
  );
}

/**
 * The clean images that a defense learns from: a sample of the data set's training split, the images of
 * an index file, or a folder of clean images (specification B1.3). Throws ERR_CONFIG, ERR_DATASET.
 */
export async function loadCleanSubset(
  config: Pick<DefendConfig, 'clean' | 'seed'>,
  rule: SubsetRule,
  target: Target,
  run: RunOptions,
): Promise<ImageSet> {
  const {signal, onProgress} = run;
  const {dataset, numClasses, transform, memory} = target;
  const loading = {signal, memory, onImages: imageCounter(run, 'reading')};
  const spec = parseCleanSpec(config.clean);
  if (spec.kind === 'folder') {
    const classNames = dataset?.classNames ?? null;
    const scan = new Scan({signal, onImages: imageCounter(run, 'finding')});
    return loadCleanFolder(spec.path, {numClasses, classNames, transform, scan}, loading);
  }
  if (dataset === null) {
    throw withoutData(config.clean, target);
  }
  const {indices, note} = await chooseFrom(dataset, spec, rule, config.seed);
  if (note !== null) onProgress?.({kind: 'note', message: note});
  return dataset.loadTrain(indices, loading);
}

/** Chooses the clean subset among the training images of a data set. Throws ERR_CONFIG, ERR_DATASET. */
export async function chooseFrom(
  dataset: Dataset,
  spec: Exclude<CleanSpec, {kind: 'folder'}>,
  rule: SubsetRule,
  seed: number,
): Promise<CleanSubset> {
  if (rule === 'random' || spec.kind === 'indexFile') {
    return chooseCleanSubset(spec, dataset.trainCount, seed);
  }
  const {numClasses} = dataset;
  return chooseBalancedSubset(spec, {labels: await dataset.trainLabels(), numClasses}, seed);
}

/** Advises to fetch the data set of a record where that is one that can be fetched. */
function withoutData(clean: string, {record}: Target): SauError {
  const hint = hintOf(record);
  const others = `its folder with ${named('data')}, or give a folder of clean images as ${named('clean')}.`;
  return new SauError(
    'ERR_DATASET',
    `Expected a data set to take ${named('clean')} ${clean} from but found none.`,
    {
      remedy: hint === null ? `Name ${others}` : `${fetchAdvice(hint)}, name ${others}`,
      details: hint === null ? {} : {fetch: hint},
    },
  );
}
