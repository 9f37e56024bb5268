import {localPath} from '../base/path_exists.js';
import {
  type CheckpointFormat,
  loadTensors,
  withCheckpointFile,
} from '../checkpoint/checkpoint_file.js';
import {findStateDict} from '../checkpoint/find_state_dict.js';
import {inferNumClasses, type TensorShapes} from '../checkpoint/state_dict.js';
import type {StateDict} from '../checkpoint/tensor.js';
import {type BackdoorRecord, isAttackResult, readRecord} from './attack_result.js';
import {findRecordFile} from './record_paths.js';

/** The weights of a checkpoint, and what the file says about them. */
export interface Weights {
  /** The file that was read. */
  readonly path: string;
  /** How the file is written. */
  readonly format: CheckpointFormat;
  /** As the file says; null if it does not say. */
  readonly modelName: string | null;
  /**
   * As the file says, else the number of rows of the last weight matrix; null if there is neither, and in a
   * safetensors file, which is sorted by name.
   */
  readonly numClasses: number | null;
  /** In the order of the file, by the names of the model: `module.`, `_orig_mod.` and `model.` before them are removed. */
  readonly stateDict: StateDict;
  /** The names in the file by those of `stateDict`. */
  readonly fileNames: ReadonlyMap<string, string>;
  /** Keys that lead to the weights in the file; empty for a bare state dict. */
  readonly keyPath: readonly string[];
  /** What was chosen or left out, such as averaged weights. */
  readonly notes: readonly string[];
}

/** A checkpoint in one of the formats of specification C.3 and C.4, or a state dict of any other program. */
export type Checkpoint =
  | (Weights & {
      /** BackdoorBench's attack record. */
      readonly kind: 'attack_result';
      /** What the record says besides its weights. */
      readonly record: BackdoorRecord;
    })
  | (Weights & {
      /** BackdoorBench's defense result, or any other state dict. */
      readonly kind: 'defense_result' | 'state_dict';
      /** There is none. */
      readonly record: null;
    });

export type CheckpointKind = Checkpoint['kind'];

/** What is known of a checkpoint without the bytes of its weights. */
export type DescribedCheckpoint = Described<Checkpoint>;

type Described<C> = C extends Weights
  ? Omit<C, 'stateDict'> & {readonly stateDict: TensorShapes}
  : never;

export function withoutBytes(checkpoint: Checkpoint): DescribedCheckpoint {
  const shapes = [...checkpoint.stateDict].map(
    ([name, {dtype, shape}]) => [name, {dtype, shape}] as const,
  );
  return {...checkpoint, stateDict: new Map(shapes)};
}

/**
 * Reads a checkpoint, or that of a record folder, without executing anything in it. Throws ERR_CHECKPOINT (missing,
 * damaged, no weights) and ERR_UNSAFE_PICKLE (it names code).
 * @example
 * ```ts
 * const {modelName, numClasses, stateDict} = await readCheckpoint('record/badnet_demo');
 * for (const [name, {shape}] of stateDict) console.log(modelName, numClasses, name, shape);
 * ```
 */
export async function readCheckpoint(pathOrFolder: string | URL): Promise<Checkpoint> {
  const path = await findRecordFile(localPath(pathOrFolder));
  return withCheckpointFile(path, async ({format, storages, value}): Promise<Checkpoint> => {
    const {tensors, ...found} = findStateDict(isAttackResult(value) ? modelOf(value) : value, path);
    const head = headOf(value);
    const weights: Weights = {
      path,
      format,
      modelName: head.modelName,
      numClasses: head.numClasses ?? classesByOrder(format, tensors),
      stateDict: await loadTensors(storages, tensors),
      ...found,
    };
    return isAttackResult(value)
      ? {...weights, kind: 'attack_result', record: await readRecord(value)}
      : {...weights, kind: isDefenseResult(value) ? 'defense_result' : 'state_dict', record: null};
  });
}

/** Classes by the last matrix of a file that keeps the order of the model. */
export function classesByOrder(
  format: CheckpointFormat,
  tensors: ReadonlyMap<string, {readonly shape: readonly number[]}>,
): number | null {
  if (format === 'safetensors') return null;
  return inferNumClasses([...tensors.values()].map(({shape}) => shape));
}

/** The weights of the attack record itself, whatever else the record holds. */
export function modelOf(record: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  return new Map([['model', record.get('model')]]);
}

/** True for a dict of exactly model_name, num_classes and model (specification C.4). */
export function isDefenseResult(value: unknown): boolean {
  return (
    value instanceof Map &&
    value.size === 3 &&
    ['model_name', 'num_classes', 'model'].every((key) => value.has(key))
  );
}

/** The model's name and number of classes as the top-level dict gives them. */
export function headOf(value: unknown): {modelName: string | null; numClasses: number | null} {
  const dict: ReadonlyMap<unknown, unknown> = value instanceof Map ? value : new Map();
  const name = dict.get('model_name');
  const classes = dict.get('num_classes');
  return {
    modelName: typeof name === 'string' ? name : null,
    numClasses:
      typeof classes === 'number' && Number.isSafeInteger(classes) && classes >= 1 ? classes : null,
  };
}
