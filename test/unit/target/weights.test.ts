import {describe, expect, it} from 'vitest';
import type {StateDict} from '../../../lib/checkpoint/tensor.js';
import {readCheckpoint, withoutBytes} from '../../../lib/records/read_checkpoint.js';
import {UntakenWeights} from '../../../lib/target/weights.js';
import {fixture} from '../../support/checkpoint_fixtures.js';

describe('the weights of a target', () => {
  it('are handed over once, and kept no longer', () => {
    const state: StateDict = new Map([
      ['linear.bias', {dtype: 'float32', shape: [1], data: new Uint8Array(4)}],
    ]);
    const weights = new UntakenWeights(state);
    expect(weights.take()).toBe(state);
    expect(() => weights.take()).toThrow('not taken yet');
  });

  it('leave their names, types and shapes behind', async () => {
    const checkpoint = await readCheckpoint(fixture('attack_result.pt'));
    const {stateDict, ...rest} = withoutBytes(checkpoint);
    const {stateDict: weights, ...others} = checkpoint;
    expect(rest).toEqual(others);
    expect([...stateDict]).toEqual(
      [...weights].map(([name, {dtype, shape}]) => [name, {dtype, shape}]),
    );
  });
});
