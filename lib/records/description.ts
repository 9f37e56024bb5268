import type {CheckpointFormat} from '../checkpoint/checkpoint_file.js';
import type {ForeignFormat} from '../checkpoint/foreign_file.js';
import type {DType} from '../checkpoint/tensor.js';
import type {CheckpointKind} from './read_checkpoint.js';
import type {Suitability} from './suitability.js';

/** What {@link inspect} tells of a file. */
export interface CheckpointDescription extends Suitability {
  /** The file that was read. */
  readonly path: string;
  /** How the file is written, or what it is that is not read. */
  readonly format: CheckpointFormat | ForeignFormat;
  /**
   * attack_epoch: of an interrupted attack. defense_state: of an interrupted defense. poisoned_set: of an attack that
   * trained nothing. other: a torch.save file without weights, such as info.pickle, or with several state dicts. program: of torch.export. foreign: a file or folder of another format.
   */
  readonly kind:
    | CheckpointKind
    | 'attack_epoch'
    | 'defense_state'
    | 'poisoned_set'
    | 'other'
    | 'program'
    | 'foreign';
  /** What was chosen or left out among the weights. */
  readonly notes: readonly string[];
  /** Its size. */
  readonly fileBytes: number;
  /** The version of its pickle; null in a file without one. */
  readonly pickleProtocol: number | null;
  /** The names that the pickle uses. Nothing is built of those outside the known vocabulary. */
  readonly globals: readonly string[];
  /** Its weights; null for the kinds 'poisoned_set', 'other' and 'foreign'. */
  readonly model: ModelDescription | null;
  /** Its data sets, of an attack's result. */
  readonly record: RecordDescription | null;
  /**
   * For the kinds 'poisoned_set' and 'other': the top-level keys with a short description of their values; of a
   * program, its versions and sizes.
   */
  readonly content: Readonly<Record<string, string>> | string | null;
}

/** The weights of a checkpoint. */
export interface ModelDescription {
  /** The architecture, where the file names it. */
  readonly modelName: string | null;
  /** Outputs of the classifier, where the file or its last layer tells. */
  readonly numClasses: number | null;
  /** The keys that lead to the weights. */
  readonly keyPath: readonly string[];
  /** How many tensors there are. */
  readonly tensorCount: number;
  /** Number of elements of all tensors, including buffers such as running statistics. */
  readonly elementCount: number;
  /** The types of their elements. */
  readonly dtypes: readonly DType[];
  /** Each tensor in the order of the file. */
  readonly tensors: readonly TensorDescription[];
}

/** A tensor of a checkpoint. */
export interface TensorDescription {
  /** Its key. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: DType;
  /** Its sizes. */
  readonly shape: readonly number[];
}

/** The data sets of an attack's record. */
export interface RecordDescription {
  /** The data set that was poisoned. */
  readonly datasetName: string;
  /** What its classes are called, in label order; null where that is not known. */
  readonly classTitles: readonly string[] | null;
  /** Where its images were. */
  readonly dataPath: string;
  /** Height, width and channels. */
  readonly imageSize: readonly number[];
  /** The poisoned training set. */
  readonly train: DatasetDescription | null;
  /** The poisoned test set. */
  readonly test: DatasetDescription | null;
  /** Names in the folder of the checkpoint. */
  readonly files: readonly string[];
}

/** A poisoned data set. */
export interface DatasetDescription {
  /** Images that the set exposes. */
  readonly images: number;
  /** Those of them that are poisoned. */
  readonly poisoned: number;
  /** Number of images that the record has a path for. */
  readonly saved: number;
  /** The labels that the attack gives. */
  readonly attackLabels: readonly number[];
  /** The true labels of the poisoned images. */
  readonly originalLabels: readonly number[];
  /** The folder of the images as the record has it. */
  readonly saveFolderPath: string | null;
  /** The first poisoned images: where they are stored. */
  readonly probedPaths: readonly string[];
  /** How many of these files exist. */
  readonly probedFound: number;
}
