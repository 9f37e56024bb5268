import {describe, expect, it} from 'vitest';
import {inferNumClasses, matchStateDict} from '../../../lib/checkpoint/state_dict.js';
import type {StateDict, TensorData} from '../../../lib/checkpoint/tensor.js';
import type {NativeLayout} from '../../../lib/native/data_contract.js';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {describeTensor, expectedTensors, fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';

function float32(...values: number[]): TensorData {
  return {
    dtype: 'float32',
    shape: [values.length],
    data: new Uint8Array(Float32Array.from(values).buffer),
  };
}

const LAYOUT: NativeLayout = [
  {name: 'a', dtype: 'float32', shape: [1]},
  {name: 'b', dtype: 'float32', shape: [2]},
  {name: 'c', dtype: 'float32', shape: [2]},
];

function summary(tensors: readonly (TensorData & {name: string})[]) {
  return tensors.map((tensor) => [tensor.name, ...describeTensor(tensor).values]);
}

describe('matchStateDict', () => {
  it('puts the same names in the order of the model', async () => {
    const state: StateDict = new Map([
      ['c', float32(5, 6)],
      ['a', float32(1)],
      ['b', float32(3, 4)],
    ]);
    const {tensors, renamed} = await matchStateDict(state, LAYOUT);
    expect(summary(tensors)).toEqual([
      ['a', 1],
      ['b', 3, 4],
      ['c', 5, 6],
    ]);
    expect(renamed).toEqual([]);
  });

  it('renames by position where every shape agrees', async () => {
    const state: StateDict = new Map([
      ['x', float32(1)],
      ['y', float32(3, 4)],
      ['c', float32(5, 6)],
    ]);
    const {tensors, renamed} = await matchStateDict(state, LAYOUT);
    expect(summary(tensors)).toEqual([
      ['a', 1],
      ['b', 3, 4],
      ['c', 5, 6],
    ]);
    expect(renamed).toEqual([
      ['x', 'a'],
      ['y', 'b'],
    ]);
  });

  it('never shuffles equal names by position', async () => {
    const state: StateDict = new Map([
      ['c', float32(1)],
      ['a', float32(3, 4)],
      ['b', float32(5, 6)],
    ]);
    const error = await errorOf(matchStateDict(state, LAYOUT), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({missing: [], extra: []});
    expect(error.message).toContain('a (expected float32 [1], received float32 [2])');
  });

  it('lists missing, unknown and misshapen weights, the first five of each in the message', async () => {
    const names = Array.from({length: 9}, (_, i) => `w${i}`);
    const state: StateDict = new Map([
      ['a', float32(1, 2)],
      ...names.map((n) => [n, float32(0)] as const),
    ]);
    const error = await errorOf(matchStateDict(state, LAYOUT), 'ERR_CHECKPOINT');
    expect(error.details).toEqual({
      missing: ['b', 'c'],
      extra: names,
      misshapen: ['a (expected float32 [1], received float32 [2])'],
    });
    expect(error.message).toContain('2 missing: b, c; 9 unknown: w0, w1, w2, w3, w4 and 4 more');
  });

  it.each(['float16.pt', 'bfloat16.pt'])(
    'widens the weights of %s to float32 without loss',
    async (name) => {
      const {stateDict} = await readCheckpoint(fixture(name));
      const layout: NativeLayout = [...stateDict].map(([key, {dtype, shape}]) => ({
        name: key,
        dtype: dtype === 'int64' ? 'int64' : 'float32',
        shape: [...shape],
      }));
      const {tensors} = await matchStateDict(stateDict, layout);
      for (const tensor of tensors) {
        expect(describeTensor(tensor).values).toEqual(expectedTensors(name)[tensor.name]?.values);
      }
      expect(tensors.map(({dtype}) => dtype)).toContain('int64');
    },
  );

  it('makes int64 of other integers and float32 of float64, but no float of an integer', async () => {
    const state: StateDict = new Map<string, TensorData>([
      ['n', {dtype: 'int32', shape: [], data: new Uint8Array(Int32Array.of(-7).buffer)}],
      ['w', {dtype: 'float64', shape: [1], data: new Uint8Array(Float64Array.of(0.1).buffer)}],
    ]);
    const {tensors} = await matchStateDict(state, [
      {name: 'n', dtype: 'int64', shape: []},
      {name: 'w', dtype: 'float32', shape: [1]},
    ]);
    expect(summary(tensors)).toEqual([
      ['n', -7],
      ['w', Math.fround(0.1)],
    ]);
    const swapped: NativeLayout = [
      {name: 'n', dtype: 'float32', shape: []},
      {name: 'w', dtype: 'int64', shape: [1]},
    ];
    await errorOf(matchStateDict(state, swapped), 'ERR_CHECKPOINT');
  });
});

describe('a norm without its counter of batches', () => {
  const NORM: NativeLayout = [
    {name: 'bn.weight', dtype: 'float32', shape: [1]},
    {name: 'bn.bias', dtype: 'float32', shape: [1]},
    {name: 'bn.running_mean', dtype: 'float32', shape: [1]},
    {name: 'bn.running_var', dtype: 'float32', shape: [1]},
    {name: 'bn.num_batches_tracked', dtype: 'int64', shape: []},
  ];
  const parts = ['weight', 'bias', 'running_mean', 'running_var'];
  const stateOf = (prefix: string, names = parts): StateDict =>
    new Map(names.map((name) => [`${prefix}.${name}`, float32(parts.indexOf(name))]));

  it('is accepted by name, and counts from 0', async () => {
    const {tensors, renamed} = await matchStateDict(stateOf('bn', parts.toReversed()), NORM);
    expect(summary(tensors)).toEqual([
      ...parts.map((name, i) => [`bn.${name}`, i]),
      ['bn.num_batches_tracked', 0],
    ]);
    expect(renamed).toEqual([]);
  });

  it('is accepted by position', async () => {
    const {tensors, renamed} = await matchStateDict(stateOf('norm1'), NORM);
    expect(tensors.map(({name}) => name)).toEqual(NORM.map(({name}) => name));
    expect(renamed).toEqual(parts.map((name) => [`norm1.${name}`, `bn.${name}`]));
  });

  it('is not matched by position where a weight stands in the place of a bias', async () => {
    const sorted = stateOf('norm1', parts.toSorted());
    await errorOf(matchStateDict(sorted, NORM), 'ERR_CHECKPOINT');
  });

  it('does not excuse another weight that is missing, which alone is named', async () => {
    const state = stateOf('bn', ['weight', 'bias', 'running_mean']);
    const error = await errorOf(matchStateDict(state, NORM), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({missing: ['bn.running_var']});
  });
});

describe('inferNumClasses', () => {
  it('takes the rows of the last matrix, if they can be classes', () => {
    expect(inferNumClasses([[10, 3], [5, 10], [5]])).toBe(5);
    expect(inferNumClasses([[1, 10]])).toBeNull();
    expect(inferNumClasses([[8, 3, 3, 3]])).toBeNull();
  });
});
