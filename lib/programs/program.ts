import type {DType, StateDict, TensorData} from '../checkpoint/tensor.js';
import type {NativeArgument} from '../native/program_contract.js';

/** A tensor of the state dict of a program. */
export interface ProgramWeight {
  /** Of the state dict, such as `layer1.0.conv1.weight`. */
  readonly key: string;
  /** The name of its value in the graph. */
  readonly value: string;
  /** Parameters are trained. */
  readonly kind: 'parameter' | 'buffer';
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** As the archive has it. */
  readonly dtype: DType;
  /** Where the archive keeps the bytes of its storage. */
  readonly entry: string;
  /** The key of the weight whose tensor it is, if that is another: one tensor may have several keys. */
  readonly tiedTo: string | null;
}

/** A call of an operator. */
export interface ProgramNode {
  /** Such as `aten::conv2d` or, for arithmetic on sizes, `sym::mul`. */
  readonly operator: string;
  /** Empty for the default one. */
  readonly overload: string;
  /** By the names of the schema. */
  readonly arguments: ReadonlyMap<string, NativeArgument>;
  /** Names of the values that it gives. */
  readonly outputs: readonly string[];
  /** Its one result is a list, whose elements are the outputs. */
  readonly givesList: boolean;
}

/** An image classifier that torch.export has written, read as data. */
export interface Program {
  /** The file. */
  readonly path: string;
  /** Of the torch that wrote it. */
  readonly torchVersion: string;
  /** Such as `8.20`. */
  readonly schemaVersion: string;
  /** In the order of a state dict. */
  readonly weights: readonly ProgramWeight[];
  /** The archive's own weights. */
  readonly stateDict: StateDict;
  /** Constants and buffers that are not saved, by the names of their values. */
  readonly constants: ReadonlyMap<string, TensorData>;
  /** In order of execution. */
  readonly nodes: readonly ProgramNode[];
  /** The name of the value that holds the images. */
  readonly input: string;
  /** Of the images. */
  readonly height: number;
  /** Of the images. */
  readonly width: number;
  /** The name of the value that holds the logits. */
  readonly output: string;
  /** Number of logits, as the program says. */
  readonly numClasses: number;
}
