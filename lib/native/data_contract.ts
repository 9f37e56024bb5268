import type {DType} from '../checkpoint/tensor.js';

// The native core's types for models, images and their contents; see contract.ts.

/** Images that a session keeps on its device, by role. */
export type ImageRole = 'cleanSubset' | 'cleanTest' | 'poisonedTest' | 'train' | 'heldOut';
/**
 * Which model a call concerns: the trainee, which is purified or trained, or the reference, the frozen backdoored
 * one.
 */
export type ModelRole = 'trainee' | 'reference';

/** A tensor with its name. */
export interface NativeTensor {
  /** Such as `layer1.0.conv1.weight`. */
  name: string;
  /** Type of the elements. */
  dtype: DType;
  /** Sizes, outermost first. */
  shape: number[];
  /** The elements as little-endian bytes, row-major. */
  data: Uint8Array;
}
/** Tensors in the order of the model. */
export type NativeTensors = NativeTensor[];
export type NativeLayout = {name: string; dtype: DType; shape: number[]}[];

export interface NativeImageSet {
  images: Uint8Array;
  /** Whether the images are a file that is mapped into memory. They then must outlive the role. */
  isMapped: boolean;
  labels: Int32Array;
  trueLabels: Int32Array;
  count: number;
  height: number;
  width: number;
}

/** Where a model looks: maps of numbers >= 0, at the end of its last stage with more than one pixel, or of its tokens. */
export interface NativeCam {
  /** [n,height,width] */
  maps: Float32Array;
  /** Of a map. */
  height: number;
  /** Of a map. */
  width: number;
}
