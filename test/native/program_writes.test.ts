import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore, toSauError} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeArgument, NativeProgram} from '../../lib/native/program_contract.js';
import {errorOf} from '../support/error_of.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

const value = (name: string): NativeArgument => ({kind: 'value', name});
const int = (number: number): NativeArgument => ({kind: 'int', value: number});
const ints = (...numbers: number[]): NativeArgument => ({kind: 'list', items: numbers.map(int)});

/** A call such as ['relu', 'y', {self: value('x')}], which gives the value y. */
type Call = readonly [string, string, Readonly<Record<string, NativeArgument>>];

/** Calls on images x [N,3,2,2] and a weight w [3,1,1]; the last takes `logits` from the value f [N,12]. */
function programOf(...calls: readonly Call[]): NativeProgram {
  const head: Call = ['linear', 'l', {input: value('f'), weight: value('h'), bias: value('b')}];
  const weight = (key: string, name: string, shape: number[]) => ({
    ...{key, values: [name], shape, dtype: 'float32' as const, trains: true},
  });
  return {
    weights: [
      weight('w', 'w', [3, 1, 1]),
      weight('head.weight', 'h', [2, 12]),
      weight('head.bias', 'b', [2]),
    ],
    constants: [],
    nodes: [...calls, head].map(([op, output, given]) => ({
      op: `aten::${op.split('.')[0]}`,
      overload: op.split('.')[1] ?? '',
      arguments: Object.entries(given).map(([name, is]) => ({name, is})),
      outputs: [output],
      givesList: false,
    })),
    ...{input: 'x', output: 'l', height: 2, width: 2, numClasses: 2},
  };
}

const IMAGES = Float32Array.from({length: 24}, (_, i) => Math.sin(i * 2.3));
const bytesOf = (count: number, seed: number) =>
  new Uint8Array(Float32Array.from({length: count}, (_, i) => Math.cos(i * 1.7 + seed)).buffer);
const TENSORS = [
  {name: 'w', dtype: 'float32' as const, shape: [3, 1, 1], data: bytesOf(3, 1)},
  {name: 'head.weight', dtype: 'float32' as const, shape: [2, 12], data: bytesOf(24, 2)},
  {name: 'head.bias', dtype: 'float32' as const, shape: [2], data: bytesOf(2, 3)},
];

const run = (program: NativeProgram, view: 'module' | 'frozen') =>
  core.functional.net.run({
    ...{program, tensors: TENSORS, images: IMAGES, count: 2, height: 2, width: 2},
    ...{view, dtype: 'float32'},
  });

const flat = (from: string): Call => [
  'flatten.using_ints',
  'f',
  {self: value(from), start_dim: int(1)},
];

describe('a program that writes in place', () => {
  it.each([
    [
      'to its images, which are used later',
      [['relu_', 'r', {self: value('x')}], flat('x')],
      [['relu', 'r', {self: value('x')}], flat('r')],
    ],
    [
      'to a weight',
      [
        ['neg_', 'n', {self: value('w')}],
        ['mul.Tensor', 'm', {self: value('x'), other: value('w')}],
        flat('m'),
      ],
      [
        ['neg', 'n', {self: value('w')}],
        ['mul.Tensor', 'm', {self: value('x'), other: value('n')}],
        flat('m'),
      ],
    ],
    [
      'to a part of a value that is used later',
      [
        ['sin', 'e', {self: value('x')}],
        ['select.int', 's', {self: value('e'), dim: int(1), index: int(0)}],
        ['neg_', 'n', {self: value('s')}],
        flat('e'),
      ],
      [
        ['sin', 'e', {self: value('x')}],
        ['slice.Tensor', 'p', {self: value('e'), dim: int(1), start: int(0), end: int(1)}],
        ['neg', 'n', {self: value('p')}],
        ['slice.Tensor', 'q', {self: value('e'), dim: int(1), start: int(1), end: int(3)}],
        ['cat', 'c', {tensors: {kind: 'list', items: [value('n'), value('q')]}, dim: int(1)}],
        flat('c'),
      ],
    ],
    [
      'to a sum by its other name',
      [
        ['sin', 'e', {self: value('x')}],
        ['add_.Tensor', 'a', {self: value('e'), other: value('x')}],
        ['mul.Tensor', 'm', {self: value('a'), other: value('e')}],
        flat('m'),
      ],
      [
        ['sin', 'e', {self: value('x')}],
        ['add.Tensor', 'a', {self: value('e'), other: value('x')}],
        ['mul.Tensor', 'm', {self: value('a'), other: value('a')}],
        flat('m'),
      ],
    ],
  ] satisfies readonly (readonly [string, Call[], Call[]])[])('%s', (_, written, pure) => {
    const before = IMAGES.slice();
    for (const view of ['module', 'frozen'] as const) {
      const actual = run(programOf(...written), view);
      const expected = run(programOf(...pure), view);
      expect(actual.logits).toEqual(expected.logits);
      expect(actual.gradient).toEqual(expected.gradient);
    }
    expect(IMAGES).toEqual(before);
  });

  it('is refused where what it writes to may be a copy', async () => {
    const program = programOf(
      ['permute', 'p', {self: value('x'), dims: ints(0, 2, 3, 1)}],
      ['reshape', 'r', {self: value('p'), shape: ints(-1, 12)}],
      ['neg_', 'n', {self: value('r')}],
      flat('x'),
    );
    const refused = async () => {
      try {
        return core.functional.net.program(program);
      } catch (error) {
        throw toSauError(error);
      }
    };
    const {message} = await errorOf(refused(), 'ERR_PROGRAM');
    expect(message).toContain('its node n (aten::neg_) changes a value that may be a copy');
  });
});
