import {join} from 'node:path';
import type {StateDict} from './checkpoint/tensor.js';
import {writeCheckpoint} from './checkpoint/write_checkpoint.js';
import type {ImageSet} from './datasets/image_set.js';
import {type DefenseName, defenseOf} from './defenses/defenses.js';
import type {Metrics} from './metrics.js';
import type {DefendConfig} from './options/types.js';
import {pathExists} from './path_exists.js';
import {writeCurves} from './report/curves.js';
import type {DefendFiles, RoundReport} from './results.js';
import type {Target} from './target.js';
import {versions} from './versions.js';
import {removeFiles, writeWholeFile} from './whole_file.js';

export interface Defense {
  /** As resolved: rounds, device and precision are what was used. */
  readonly config: Omit<DefendConfig, 'device'> & {readonly device: string};
  readonly target: Target;
  readonly cleanSubset: ImageSet;
  readonly stateDict: StateDict;
  readonly reports: readonly RoundReport[];
  readonly before: Metrics;
  readonly after: Metrics;
}

const NAMES = {
  checkpoint: 'defense_result.pt',
  cleanIndex: 'clean_index.txt',
  config: 'config.json',
  curves: 'curves.svg',
} as const;

/** The table of a method's rounds. */
export function defenseCsv(method: DefenseName): string {
  return `${method}_df.csv`;
}

/** Every file that a defense writes. */
export function defenseFiles(method: DefenseName): readonly string[] {
  return [...Object.values(NAMES), defenseCsv(method), 'rounds.jsonl'];
}

/** Takes back what an earlier or a failed defense left: a folder has a whole result or none. Throws ERR_OUTPUT. */
export async function removeDefense(out: string, method: DefenseName): Promise<void> {
  await removeFiles(out, defenseFiles(method));
}

/** Removes a failed defense, unless the weights are written: they are what the rounds were for, and stay with the rest. */
export async function takeBackDefense(out: string, method: DefenseName): Promise<void> {
  if (!(await pathExists(join(out, NAMES.checkpoint)))) await removeDefense(out, method);
}

/** Writes what a defense leaves besides its rounds; each file whole or not at all. Throws ERR_OUTPUT. */
export async function writeDefenseResult(
  out: string,
  defense: Defense,
): Promise<Omit<DefendFiles, 'csv' | 'jsonl'>> {
  const {target, cleanSubset, stateDict, reports} = defense;
  const entry = defenseOf(defense.config.method);
  const files = {
    checkpoint: join(out, NAMES.checkpoint),
    cleanIndex: join(out, NAMES.cleanIndex),
    config: join(out, NAMES.config),
    curves: join(out, NAMES.curves),
  };
  // The weights first: they are what the rounds were for.
  await writeCheckpoint(files.checkpoint, {
    modelName: target.model,
    numClasses: target.numClasses,
    stateDict,
  });
  await writeWholeFile(files.cleanIndex, `${[...cleanSubset.originalIndices].join('\n')}\n`);
  await writeWholeFile(files.config, `${JSON.stringify(await description(defense), null, 2)}\n`);
  await writeCurves(files.curves, {
    before: defense.before,
    rounds: reports,
    figures: entry.figures,
    stage: entry.stage,
    title: `${target.model} on ${target.datasetName}, ${cleanSubset.count} clean images`,
  });
  return files;
}

/** Everything that it takes to run the defense again, and what came out. */
async function description(defense: Defense): Promise<Record<string, unknown>> {
  const {config, target, cleanSubset, reports, before, after} = defense;
  return {
    versions: await versions(),
    config: {
      ...config,
      model: target.model,
      numClasses: target.numClasses,
      mean: target.mean,
      std: target.std,
      imageSize: target.size.height,
    },
    checkpoint: target.checkpoint.path,
    dataset: target.dataset?.path ?? null,
    cleanImages: cleanSubset.count,
    completedRounds: reports.length,
    before,
    after,
  };
}
