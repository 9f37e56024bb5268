import {join} from 'node:path';
import type {StateDict} from './checkpoint/tensor.js';
import {writeCheckpoint} from './checkpoint/write_checkpoint.js';
import type {DefendConfig} from './config.js';
import type {ImageSet} from './datasets/image_set.js';
import type {Metrics} from './metrics.js';
import {writeCurves} from './report/curves.js';
import type {OutputFiles, RoundReport} from './results.js';
import type {Target} from './target.js';
import {versions} from './versions.js';
import {writeWholeFile} from './whole_file.js';

export interface Defense {
  readonly config: DefendConfig;
  readonly target: Target;
  readonly cleanSubset: ImageSet;
  readonly stateDict: StateDict;
  /** Rounds that were asked for, and those that were finished. */
  readonly rounds: number;
  readonly reports: readonly RoundReport[];
  readonly device: string;
  readonly before: Metrics;
  readonly after: Metrics;
}

/** Writes what a defense leaves besides its rounds; each file whole or not at all. Throws ERR_OUTPUT. */
export async function writeDefenseResult(out: string, defense: Defense): Promise<OutputFiles> {
  const {target, cleanSubset, stateDict, reports} = defense;
  const files = {
    checkpoint: join(out, 'defense_result.pt'),
    cleanIndex: join(out, 'clean_index.txt'),
    config: join(out, 'config.json'),
    curves: join(out, 'curves.svg'),
  };
  await writeWholeFile(files.cleanIndex, `${[...cleanSubset.originalIndices].join('\n')}\n`);
  await writeWholeFile(files.config, `${JSON.stringify(await description(defense), null, 2)}\n`);
  await writeCurves(files.curves, {
    before: defense.before,
    rounds: reports,
    title: `${target.model} on ${target.datasetName}, ${cleanSubset.count} clean images`,
  });
  await writeCheckpoint(files.checkpoint, {
    modelName: target.model,
    numClasses: target.numClasses,
    stateDict,
  });
  return files;
}

/** Everything that it takes to run the defense again, and what came out. */
async function description(defense: Defense): Promise<Record<string, unknown>> {
  const {config, target, cleanSubset, reports, rounds, device, before, after} = defense;
  return {
    versions: await versions(),
    config: {
      ...config,
      rounds,
      device,
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
