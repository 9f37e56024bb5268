import {describe, expect, it} from 'vitest';
import {slotsOf, visibleDevices} from '../../../lib/sweep/engines/slots.js';

const steps = (count: number, options: object) =>
  Array.from({length: count}, () => ({options: {...options}}));
const CPU = {device: 'cpu', threads: 1};

describe('the places of a machine', () => {
  it('are as many as the cores have threads for', () => {
    const machine = {cores: 8, devices: []};
    expect(slotsOf(steps(100, CPU), null, machine)).toHaveLength(8);
    expect(slotsOf(steps(100, {...CPU, threads: 3}), null, machine)).toHaveLength(2);
    expect(slotsOf(steps(100, {...CPU, threads: 99}), null, machine)).toHaveLength(1);
    // Without a number a step takes all cores.
    expect(slotsOf(steps(100, {device: 'cpu'}), null, machine)).toHaveLength(1);
    expect(
      slotsOf([...steps(9, CPU), ...steps(1, {...CPU, threads: 4})], null, machine),
    ).toHaveLength(2);
  });

  it('are as many as were asked for, and no more than there are steps', () => {
    const machine = {cores: 8, devices: []};
    expect(slotsOf(steps(100, CPU), 3, machine)).toHaveLength(3);
    expect(slotsOf(steps(100, CPU), 30, machine)).toHaveLength(30);
    expect(slotsOf(steps(2, CPU), 30, machine)).toHaveLength(2);
  });

  it('see one GPU each where steps use them', () => {
    const machine = {cores: 8, devices: ['0', 'GPU-b']};
    const env = (options: object, jobs: number | null) =>
      slotsOf(steps(9, options), jobs, machine).map((slot) => slot.env);
    const both = [{CUDA_VISIBLE_DEVICES: '0'}, {CUDA_VISIBLE_DEVICES: 'GPU-b'}];
    expect(env({threads: 1}, null)).toEqual(both);
    expect(env({device: 'cuda', threads: 1}, 4)).toEqual([...both, ...both]);
    expect(env(CPU, 2)).toEqual([{}, {}]);
  });

  it('see all GPUs where a step names its own', () => {
    const machine = {cores: 8, devices: ['0', '1']};
    expect(slotsOf(steps(9, {device: 'cuda:1'}), null, machine)).toEqual([{env: {}}, {env: {}}]);
  });

  it('know GPUs as CUDA_VISIBLE_DEVICES does', () => {
    expect(visibleDevices(2, undefined)).toEqual(['0', '1']);
    expect(visibleDevices(2, '3, 5')).toEqual(['3', '5']);
    expect(visibleDevices(1, '')).toEqual(['0']);
  });
});
