import {basename, join} from 'node:path';
import {checkLabelMode, type LabelMode} from '../attacks/poison.js';
import {SauError} from '../base/errors.js';
import type {Dataset} from '../datasets/dataset.js';
import {ImageMemory} from '../datasets/image_memory.js';
import {DATA_FOLDER, DEFAULT_DATASET, knownOfChoice} from '../datasets/known.js';
import {openDataset} from '../datasets/open_dataset.js';
import {DEFAULT_MODEL} from '../options/commands/attack.js';
import {named} from '../options/named.js';
import type {AttackConfig} from '../options/types.js';
import type {Program} from '../programs/program.js';
import {readProgram} from '../programs/read_program.js';
import {programName} from '../programs/weights.js';
import type {RecordNotes} from '../records/record_notes.js';
import {Beginning} from '../run/beginning.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import {askedSize} from '../target/picture_options.js';
import {normalization, sizeOfProgram} from '../target/target.js';

/** An attack whose options are checked and whose data set is open. */
export interface OpenedAttack {
  readonly config: AttackConfig;
  readonly dataset: Dataset;
  readonly datasetName: string;
  /** The name of the architecture, or of the program. */
  readonly model: string;
  /** The victim's network where it is none of the known architectures. */
  readonly program: Program | null;
  readonly scale: RecordNotes;
  readonly mode: LabelMode;
  /** When the call began. */
  readonly started: Beginning;
}

/** Throws ERR_DATASET, and ERR_CONFIG for options that do not fit the data set. */
export async function openAttack(config: AttackConfig, run: RunOptions): Promise<OpenedAttack> {
  const started = new Beginning();
  const program = config.program === null ? null : await readProgram(config.program);
  const dataset = await openAttackDataset(config, program, run);
  if (dataset.note !== null) run.onProgress?.({kind: 'note', message: dataset.note});
  const datasetName = dataset.name ?? basename(dataset.path);
  const {path, numClasses} = dataset;
  const scale = await normalization(config, null, {name: datasetName, path, numClasses});
  const mode = labelModeOf(config);
  requireClasses(config, dataset);
  checkLabelMode(mode, numClasses);
  if (program !== null) checkClasses(program, dataset);
  const model = program === null ? (config.model ?? DEFAULT_MODEL) : programName(program);
  return {config, dataset, datasetName, model, program, scale, mode, started};
}

async function openAttackDataset(
  config: AttackConfig,
  program: Program | null,
  run: RunOptions,
): Promise<Dataset> {
  const {data, dataset, resize, crop, interpolation} = config;
  const asked = askedSize(config);
  return openDataset({
    path: folderToPoison({data, dataset}),
    dataset,
    size: program === null ? asked : sizeOfProgram(program, asked),
    transform: {resize, crop, interpolation},
    memory: new ImageMemory(config.dataMemory ?? undefined),
    scan: {signal: run.signal, onImages: imageCounter(run, 'finding')},
  });
}

/**
 * The folder that is named, or where the official tool has the data set that is named, or its own default. Throws
 * ERR_CONFIG for another one.
 */
export function folderToPoison({data, dataset}: Pick<AttackConfig, 'data' | 'dataset'>): string {
  if (data !== null) return data;
  const name = dataset === 'auto' ? DEFAULT_DATASET : knownOfChoice(dataset);
  if (name !== null) return join(DATA_FOLDER, name);
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${named('data')} with the folder of the data set to poison but received nothing. Give a folder with train/ and test/ class folders`,
  );
}

/** Throws ERR_CONFIG where other classes are asked for than the data set has. */
function requireClasses({numClasses: asked}: AttackConfig, {path, numClasses}: Dataset): void {
  if (asked === null || asked === numClasses) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${named('numClasses')} ${numClasses}, as the data set ${path} has, but received ${asked}.`,
    {remedy: 'Leave it out.', details: {path, expected: numClasses, received: asked}},
  );
}

/** A victim has an output for each class. Throws ERR_DATASET. */
function checkClasses(program: Program, {path, numClasses}: Dataset): void {
  if (program.numClasses === numClasses) return;
  throw new SauError(
    'ERR_DATASET',
    `Expected ${program.numClasses} classes, which the program ${program.path} has, but the data set ${path} has ${numClasses}.`,
    {
      remedy:
        'Give the data set that the program was made for, or export a model with as many outputs.',
      details: {program: program.path, expected: program.numClasses, path, numClasses},
    },
  );
}

function labelModeOf({labelMode, targetLabel}: AttackConfig): LabelMode {
  return labelMode === 'all2all' ? {kind: labelMode, shift: 1} : {kind: labelMode, targetLabel};
}
