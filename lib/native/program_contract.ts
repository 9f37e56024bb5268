import type {DType} from '../checkpoint/tensor.js';
import type {NativeTensors} from './data_contract.js';

// The native core's type of a program; see contract.ts. lib/programs makes it of a `.pt2` file.

/** What a node is given. An integer beyond 2^53 is a bigint. */
export type NativeArgument =
  | {readonly kind: 'none' | 'layout' | 'device'}
  | {readonly kind: 'value'; readonly name: string}
  | {readonly kind: 'int'; readonly value: number | bigint}
  | {readonly kind: 'float'; readonly value: number}
  | {readonly kind: 'bool'; readonly value: boolean}
  | {readonly kind: 'string' | 'memoryFormat'; readonly value: string}
  | {readonly kind: 'dtype'; readonly value: DType}
  | {readonly kind: 'list'; readonly items: readonly NativeArgument[]};

/** A network as calls of operators, which the core checks against its own list. Values have names. */
export interface NativeProgram {
  /** In the order of a state dict. A weight may be several values. */
  weights: {key: string; values: string[]; shape: number[]; dtype: DType; trains: boolean}[];
  /** By the names of their values. */
  constants: NativeTensors;
  nodes: {
    /** Such as `aten::conv2d`, or `sym::mul` for arithmetic on sizes. */
    op: string;
    /** Empty for the default one. */
    overload: string;
    arguments: {name: string; is: NativeArgument}[];
    outputs: string[];
    /** Its one result is a list, whose elements are the outputs. */
    givesList: boolean;
  }[];
  input: string;
  output: string;
  height: number;
  width: number;
  numClasses: number;
}
