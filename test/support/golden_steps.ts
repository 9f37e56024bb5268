// Single steps of defenses on the golden nets.
import type {NativeTensors} from '../../lib/native/data_contract.js';
import type {NativeNetInput} from '../../lib/native/model_contract.js';
import {expectBelow, relativeL2} from './closeness.js';
import type {GoldenNet} from './golden_nets.js';

/** A golden net with its eight images, as the functions of single steps take them, and the labels. */
export function stepInput(net: GoldenNet): NativeNetInput & {labels: Int32Array} {
  return {...net.network, tensors: net.tensors, ...net.images(8)};
}

/** The float elements of a tensor. */
export function elementsOf(tensors: NativeTensors, name: string): Float32Array {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return new Float32Array(Uint8Array.from(found.data).buffer);
}

/** The L2 norm of all elements of tensors of floats. */
export function normOf(tensors: NativeTensors): number {
  const squares = tensors
    .filter(({dtype}) => dtype === 'float32')
    .flatMap(({name}) => [...elementsOf(tensors, name)].map((value) => value * value));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/** Of a net's parameters alone, of those tensors that are not running statistics. */
export function parameterNormOf(tensors: NativeTensors): number {
  return normOf(tensors.filter(({name}) => !name.includes('running_')));
}

/** Golden values are computed in double precision. */
export function expectGolden(
  what: string,
  actual: ArrayLike<number>,
  expected: readonly number[],
): void {
  expectBelow(what, relativeL2(actual, expected), 1e-4);
}
