import type {DType} from '../checkpoint/tensor.js';
import type {NativeLayout, NativeTensors} from './data_contract.js';
import type {NativeProgram} from './program_contract.js';

// The part of the native core's types that describes networks; see contract.ts.

/** A network before anything of it is allocated. */
export interface NativeModel {
  /** As it was asked for, such as `preactresnet18_w16`. */
  name: string;
  /** Side in pixels of the images that the architecture was made for. */
  inputSize: number;
  /** Base channels of the architecture as it was published. */
  width: number;
  /** Numbers that are trained. */
  parameters: number;
  /** The state dict, in its own order. */
  layers: {key: string; shape: number[]; dtype: DType; kind: 'parameter' | 'buffer'}[];
  /** Keys of the last layer, whose rows are the classes. */
  head: {weight: string; bias: string};
  /** Multiply-accumulates of one image of `inputSize`. */
  macs: number;
}

/** A node of a network that a test describes. Value 0 is the image, value i what the i-th node (from 1) gives. */
export type NativeNode =
  | {
      op: 'conv';
      key: string;
      x: number;
      out: number;
      kernel: number;
      stride: number;
      groups: number;
      bias: boolean;
    }
  | {op: 'batchNorm'; key: string; x: number}
  | {op: 'relu' | 'globalAverage'; x: number}
  | {op: 'add'; x: number; y: number}
  | {op: 'linear'; key: string; x: number; out: number};

/** A network that a test describes, one of a known name, or a program. */
export type NativeNetwork =
  | {nodes: readonly NativeNode[]}
  | {model: string; numClasses: number}
  | {program: NativeProgram};

/** A network, its weights and normalized images [count,3,height,width]. */
export type NativeNetInput = NativeNetwork & {
  tensors: NativeTensors;
  images: Float32Array;
  count: number;
  height: number;
  width: number;
};

/** Networks that are no architecture, for checks. The last node is the head. */
export interface NativeNetFunctions {
  /** The state dict of a network. */
  layout(nodes: readonly NativeNode[]): NativeLayout;
  /** A network in evaluation or training mode, or the attacker's view of it, at normalized images [n,3,h,w]. */
  run(
    input: NativeNetInput & {
      /** [n], whose mean cross-entropy takes the gradient; without them it is the sum of the squared logits. */
      labels?: Int32Array;
      view: 'module' | 'frozen' | 'training';
      /** Of what dropout and stochastic depth draw in training mode. */
      seed?: number;
      /** Of the arithmetic. */
      dtype: 'float32' | 'float64' | 'bfloat16';
    },
  ): {
    /** [n,k] */
    logits: Float64Array;
    /** [n,3,h,w] */
    gradient: Float64Array;
    /** In training mode: running means and variances behind it, in the order of the state dict. */
    statistics?: Float64Array;
  };
  /** How the sum of the squared logits, in evaluation mode, changes with the parameters, under their keys. */
  weightGradients(input: NativeNetInput): NativeTensors;
  /** The operators that programs may call, as `name` or `name.overload`. */
  operators(): string[];
  /** What defenses look at in a network, at images of a size. */
  taps(input: NativeNetwork & {height: number; width: number}): {
    /** The ends of its stages: nodes, and the shapes [c,h,w] of what they give. */
    stages: {node: number; shape: number[]}[];
    /** Keys of its norms in the order of the state dict. */
    norms: string[];
    /** The weight of the linear layer that takes an image's features; absent where there is none. */
    featureLayer?: string;
  };
  /** What a program becomes. Throws ERR_PROGRAM. */
  program(program: NativeProgram): {
    /** The operators that are called as such; all other nodes are layers. */
    calls: string[];
    nodes: number;
    /** The last node is a linear layer. */
    endsInLinear: boolean;
    macs: number;
    peakElements: number;
  };
  /** Of one image of a size, through a model by its name. */
  cost(
    model: string,
    numClasses: number,
    height: number,
    width: number,
  ): {
    macs: number;
    /** Most elements of values at a time. */
    peakElements: number;
    /** In float32, of one pass of a measurement. */
    imagesWithinMemory: number;
    /** In float32, of one pass of the attack or of an outer step. */
    imagesWithGradients: number;
  };
}
