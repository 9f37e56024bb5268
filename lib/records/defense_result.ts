import {basename, join} from 'node:path';
import {pathExists} from '../base/path_exists.js';
import {removeFiles, writeWholeFile} from '../base/whole_file.js';
import {writeSafetensors} from '../checkpoint/safetensors_writer.js';
import type {StateDict} from '../checkpoint/tensor.js';
import type {ImageSet} from '../datasets/image_set.js';
import {type DefenseName, defenseOf, filesOf} from '../defenses/defenses.js';
import type {StopReason} from '../native/run_contract.js';
import {versions} from '../native/versions.js';
import {optionsOfDefense} from '../options/tables.js';
import type {DefendConfig} from '../options/types.js';
import {writeProgram} from '../programs/write_program.js';
import {writeCurves} from '../report/curves.js';
import {defenseEffectivenessRating, type Metrics} from '../run/metrics.js';
import type {DefendFiles, Passes, RoundReport, Selection} from '../run/results.js';
import type {PurificationVerdict} from '../run/verdict_types.js';
import type {Target} from '../target/target.js';
import {DEFENSE, defenseCsv, RUN} from './layout.js';
import {readRun, sha256OfFile, writeRun} from './run.js';
import {type RunCost, type RunSummary, type RunVersions, runRound} from './run_summary.js';
import {SCHEMA_VERSION} from './schema_version.js';
import {underNamesOf} from './source_form.js';
import {writeCheckpoint} from './write_checkpoint.js';

export interface Defense {
  /** When the run began. */
  readonly started: Date;
  /** Seconds that it has taken so far. */
  readonly seconds: () => number;
  /** The resolved configuration, with the rounds, the device and the precision that were used. */
  readonly config: Omit<DefendConfig, 'device' | 'rounds'> & {
    readonly device: string;
    readonly rounds: number;
  };
  readonly target: Target;
  /** null where the method looks at no clean images. */
  readonly cleanSubset: ImageSet | null;
  /** By the names of the model. */
  readonly stateDict: StateDict;
  /** [name in the checkpoint, name in the model] of weights that were matched by position. */
  readonly renamed: readonly (readonly [string, string])[];
  readonly reports: readonly RoundReport[];
  readonly before: Metrics;
  readonly after: Metrics;
  readonly verdict: PurificationVerdict;
  readonly selection: Selection;
  /** null where the run was interrupted. */
  readonly passes: Passes | null;
  /** Why it ended before the last round; null where it did not, or was interrupted. */
  readonly stopped: StopReason | null;
  /** The tables that were written, by their names. */
  readonly tables: Readonly<Record<string, string>>;
  readonly cost: RunCost;
}

/**
 * Takes back what a failed defense left, or an earlier one, which may have been of another method: a folder has a
 * whole result or none. Throws ERR_OUTPUT.
 */
export async function removeDefense(out: string, method: DefenseName): Promise<void> {
  await removeFiles(out, await replacedBy(out, method));
}

/** The names of files that a defense replaces in its folder, those of an earlier one of another method included. */
export async function replacedBy(out: string, method: DefenseName): Promise<readonly string[]> {
  const earlier = await readRun(out).catch(() => null);
  const other = earlier?.kind === 'defend' ? filesOf(earlier.method) : [];
  return [...filesOf(method), ...other];
}

/**
 * Removes the files of a failed defense, unless the weights are already written: they are the purpose of the
 * rounds, so they stay with all other files.
 */
export async function takeBackDefense(out: string, method: DefenseName): Promise<void> {
  if (!(await pathExists(join(out, DEFENSE.result)))) await removeDefense(out, method);
}

/** Writes the files of a defense except those of its rounds, each whole or not at all. Throws ERR_OUTPUT. */
export async function writeDefenseResult(
  out: string,
  defense: Defense,
): Promise<Omit<DefendFiles, 'csv' | 'jsonl' | 'tables' | 'pictures'>> {
  const {target, cleanSubset, renamed, reports} = defense;
  const {figures, stage, network} = defenseOf(defense.config.method);
  const files = {
    checkpoint: join(out, DEFENSE.result),
    cleanIndex: join(out, DEFENSE.cleanIndex),
    config: join(out, DEFENSE.config),
    curves: join(out, RUN.curves),
    ...(defense.config.writeProgram ? {program: join(out, DEFENSE.program)} : {}),
  };
  // The weights come first, because they are the purpose of the rounds.
  const stateDict = underNamesOf({checkpoint: target.checkpoint, renamed}, defense.stateDict);
  await writeCheckpoint(files.checkpoint, {
    modelName: network?.(target.model) ?? target.model,
    numClasses: target.numClasses,
    stateDict,
  });
  const more = await writeInSourceFormat(out, target, stateDict);
  if (target.program !== null && files.program !== undefined) {
    await writeProgram(files.program, target.program, defense.stateDict);
  }
  const indices = [...(cleanSubset?.originalIndices ?? [])];
  await writeWholeFile(files.cleanIndex, indices.map((index) => `${index}\n`).join(''));
  const summary = await summaryOf(out, defense);
  await writeWholeFile(files.config, `${JSON.stringify(configOf(summary), null, 2)}\n`);
  await writeCurves(files.curves, {
    before: defense.before,
    rounds: reports,
    after: defense.after,
    ...{figures, stage},
    title: `${target.model} on ${target.datasetName}, ${cleanSubset?.count ?? 'no'} clean images`,
  });
  // Where it stands, the result is whole: a sweep goes by that.
  const run = await writeRun(out, summary);
  return {...files, ...more, run};
}

/** Writes the weights in the format of the file that they came from, where that is not PyTorch's own. */
async function writeInSourceFormat(
  out: string,
  {checkpoint}: Target,
  stateDict: StateDict,
): Promise<Pick<DefendFiles, 'safetensors'>> {
  if (checkpoint.format !== 'safetensors') return {};
  const safetensors = join(out, DEFENSE.safetensors);
  await writeSafetensors(safetensors, stateDict);
  return {safetensors};
}

async function summaryOf(out: string, defense: Defense): Promise<RunSummary> {
  const {started, config, target, cleanSubset, reports, before, after} = defense;
  const {verdict, selection, passes, stopped, cost} = defense;
  const {method, device, precision, seed} = config;
  const {checkpoint, dataset, datasetName, size, model, numClasses, mean, std} = target;
  return {
    ...{schemaVersion: SCHEMA_VERSION, kind: 'defend', method, versions: await versions()},
    started: started.toISOString(),
    seconds: defense.seconds(),
    ...{device, precision, seed},
    options: resolvedOptions(config, target),
    checkpoint: {path: checkpoint.path, sha256: await sha256OfFile(checkpoint.path)},
    result: {path: DEFENSE.result, sha256: await sha256OfFile(join(out, DEFENSE.result))},
    ...{model, numClasses},
    dataset: {
      ...{name: datasetName, path: dataset?.path ?? null, format: dataset?.format ?? null},
      classTitles: target.classTitles,
      imageSize: [size.height, size.width],
      ...{mean, std},
    },
    cleanSubset:
      cleanSubset === null
        ? null
        : {
            count: cleanSubset.count,
            chosen: config.clean,
            sha256: await sha256OfFile(join(out, DEFENSE.cleanIndex)),
          },
    poisoned: null,
    ...{before, after, rounds: reports.map(runRound)},
    der: defenseEffectivenessRating(before, after),
    completedRounds: reports.length,
    ...{verdict, selection, passes, stopped, cost},
    interrupted: reports.length < config.rounds && stopped === null,
    files: {
      ...{checkpoint: DEFENSE.result, csv: defenseCsv(method), jsonl: RUN.rounds},
      ...(checkpoint.format === 'safetensors' ? {safetensors: DEFENSE.safetensors} : {}),
      ...{cleanIndex: DEFENSE.cleanIndex, config: DEFENSE.config, curves: RUN.curves},
      ...(config.writeProgram ? {program: DEFENSE.program} : {}),
      ...Object.fromEntries(
        Object.entries(defense.tables).map(([name, path]) => [name, basename(path)]),
      ),
    },
  };
}

/** Every option as the run resolved it, in a form that `defend` takes again. */
export function resolvedOptions(
  config: Defense['config'],
  {transformOptions, model, numClasses, mean, std, size}: Target,
): RunSummary['options'] {
  const {rounds, ...others} = config;
  return {
    ...others,
    // A method without this option does a number of rounds of its own.
    ...('rounds' in optionsOfDefense(config.method) ? {rounds} : {}),
    ...transformOptions,
    // A program tells its network itself.
    ...(config.program === null ? {model} : {}),
    ...{numClasses, mean, std},
    ...(size.height === size.width ? {imageSize: size.height} : {}),
  };
}

/** The contents of config.json. */
export interface DefenseConfigFile {
  /** Version of this form. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** What it was computed with. */
  readonly versions: RunVersions;
  /** Every option as resolved, `seed` among them: given again, they give the same run. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The checkpoint that was purified. */
  readonly checkpoint: string | null;
  /** The folder of the data set; null if only clean images were given. */
  readonly dataset: string | null;
  /** Clean images that were used; null for a method that looks at none. */
  readonly cleanImages: number | null;
  /** Rounds that were finished. */
  readonly completedRounds: number;
  /** Of the backdoored model. */
  readonly before: Metrics | null;
  /** Of the purified model. */
  readonly after: Metrics | null;
  /** By what the weights were chosen. */
  readonly selection: Selection | null;
  /** What the defense has cost; null where it was interrupted. */
  readonly passes: Passes | null;
}

/** config.json: the summary in the form of the versions that had no other. */
function configOf(summary: RunSummary): DefenseConfigFile {
  const {versions, options, checkpoint, dataset, cleanSubset} = summary;
  const {completedRounds, before, after, selection, passes} = summary;
  return {
    schemaVersion: SCHEMA_VERSION,
    versions,
    config: options,
    checkpoint: checkpoint?.path ?? null,
    dataset: dataset.path,
    cleanImages: cleanSubset?.count ?? null,
    ...{completedRounds, before, after, selection, passes},
  };
}
