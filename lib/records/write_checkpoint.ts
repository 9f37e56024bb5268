import {Breather} from '../base/breather.js';
import {localPath} from '../base/path_exists.js';
import {requireObject} from '../base/typed_array.js';
import {moduleVersions} from '../checkpoint/module_versions.js';
import {OrderedDict, PyTuple} from '../checkpoint/pickle_values.js';
import {NumpyVector, PickledTensor, type PickleValue} from '../checkpoint/pickle_writer.js';
import {checkTensors, type StateDict} from '../checkpoint/tensor.js';
import {writeTorchFile} from '../checkpoint/torch_zip_writer.js';
import {optionError, shown} from '../options/parse.js';
import type {BackdoorRecord, PoisonedDatasetState} from './attack_result.js';

/** What {@link writeCheckpoint} writes. */
export interface CheckpointToWrite {
  /** Such as `preactresnet18`. */
  readonly modelName: string;
  /** Outputs of the classifier. */
  readonly numClasses: number;
  /** The weights, in the order in which they are written. */
  readonly stateDict: StateDict;
}

/**
 * Writes `defense_result.pt` (specification C.4), which PyTorch opens with `weights_only=True`. The file appears
 * whole or not at all; throws ERR_OUTPUT, ERR_CHECKPOINT for a tensor whose bytes are not those of its shape, and
 * ERR_CONFIG for values of other types.
 * @example
 * ```ts
 * const {stateDict} = await readCheckpoint('model.pt');
 * await writeCheckpoint('defense_result.pt', {modelName: 'preactresnet18', numClasses: 10, stateDict});
 * ```
 */
export async function writeCheckpoint(
  path: string | URL,
  checkpoint: CheckpointToWrite,
): Promise<void> {
  const file = localPath(path);
  requireObject(checkpoint, 'the checkpoint');
  const {modelName, numClasses} = checkpoint;
  if (typeof modelName !== 'string') throw optionError('modelName', 'a text', shown(modelName));
  if (!Number.isSafeInteger(numClasses) || numClasses < 1) {
    throw optionError('numClasses', 'integer > 0', shown(numClasses));
  }
  checkTensors(checkpoint.stateDict);
  await writeTorchFile(file, new Map(modelEntries(checkpoint)));
}

/** Writes `attack_result.pt` (specification C.3) as the official loader expects it. Throws ERR_OUTPUT. */
export async function writeAttackResult(
  path: string,
  record: BackdoorRecord & CheckpointToWrite,
): Promise<void> {
  await writeTorchFile(
    path,
    new Map<string, PickleValue>([
      ...modelEntries(record),
      ['data_path', record.dataPath],
      ['img_size', new PyTuple(record.imageSize)],
      ['clean_data', record.datasetName],
      ['bd_train', await datasetState(record.poisonedTrain)],
      ['bd_test', await datasetState(record.poisonedTest)],
    ]),
  );
}

/** Writes `info.pickle`: the options of an attack as one dict, in a ZIP of torch.save. Throws ERR_OUTPUT. */
export async function writeInfoPickle(
  path: string,
  options: Readonly<Record<string, PickleValue>>,
): Promise<void> {
  await writeTorchFile(path, new Map(Object.entries(options)));
}

/** Writes `train_poison_index_list.pickle`: the 0/1 indicator over the training set. Throws ERR_OUTPUT. */
export async function writePoisonIndexList(path: string, indicator: Uint8Array): Promise<void> {
  await writeTorchFile(path, new NumpyVector(new Float64Array(indicator)));
}

function modelEntries({
  modelName,
  numClasses,
  stateDict,
}: CheckpointToWrite): [string, PickleValue][] {
  const model = new OrderedDict() as OrderedDict & Map<string, PickleValue>;
  for (const [name, tensor] of stateDict) model.set(name, new PickledTensor(tensor));
  model.attributes = new Map([['_metadata', moduleVersions(modelName, [...stateDict.keys()])]]);
  return [
    ['model_name', modelName],
    ['num_classes', numClasses],
    ['model', model],
  ];
}

async function datasetState(state: PoisonedDatasetState | null): Promise<PickleValue> {
  if (state === null) return null;
  const {originalIndices, poisonIndicator, items, saveFolderPath} = state;
  const images = new Map<number, PickleValue>();
  const breather = new Breather();
  for (const [index, {path, attackLabel, originalLabel}] of items) {
    images.set(
      index,
      new Map<string, PickleValue>([
        ['path', path],
        ['other_info', [attackLabel, originalLabel]],
      ]),
    );
    if (breather.due) await breather.rest();
  }
  const container = new Map<string, PickleValue>([
    ['save_folder_path', saveFolderPath],
    ['data_dict', images],
    ['save_file_format', '.png'],
  ]);
  return new Map<string, PickleValue>([
    ['bd_data_container', container],
    ['getitem_all', true],
    ['getitem_all_switch', false],
    ['original_index_array', new NumpyVector(BigInt64Array.from(originalIndices, BigInt))],
    ['poison_indicator', new NumpyVector(new Float64Array(poisonIndicator))],
    ['save_folder_path', saveFolderPath],
  ]);
}
