import type {DType} from '../checkpoint/tensor.js';
import type {NativeTensors} from './data_contract.js';

// The native core's type of a program; see contract.ts. lib/programs makes it of a `.pt2` file.

/** What a node is given. An integer beyond 2^53 is a bigint. */
export type NativeArgument =
  | {
      /** Nothing, the dense layout, or the device of the run. */
      readonly kind: 'none' | 'layout' | 'device';
    }
  | {
      /** A value of the graph. */
      readonly kind: 'value';
      /** Its name. */
      readonly name: string;
    }
  | {
      /** An integer of 64 bits. */
      readonly kind: 'int';
      /** The integer. */
      readonly value: number | bigint;
    }
  | {
      /** A number. */
      readonly kind: 'float';
      /** The number. */
      readonly value: number;
    }
  | {
      /** A truth value. */
      readonly kind: 'bool';
      /** The truth value. */
      readonly value: boolean;
    }
  | {
      /** A text, or the name of a memory format. */
      readonly kind: 'string' | 'memoryFormat';
      /** The text. */
      readonly value: string;
    }
  | {
      /** A type of elements. */
      readonly kind: 'dtype';
      /** The type. */
      readonly value: DType;
    }
  | {
      /** Several of them. */
      readonly kind: 'list';
      /** In order. */
      readonly items: readonly NativeArgument[];
    };

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
