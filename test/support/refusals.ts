import {cpSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, expect} from 'vitest';
import type {StateDict, TensorData} from '../../lib/index.js';
import {namesIn} from './folders.js';
import {IS_BUILT} from './paths.js';
import {builtPackage, sau} from './program.js';
import {SCALE_FLAGS, useWorld} from './world.js';

/** What makes the shortest run of the program. */
export const RUN = ['--device', 'cpu', '--threads', '1', '--rounds', '1', '--batch-size', '8'];

export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** What the message has to name. */
  readonly names: readonly (string | RegExp)[];
}

/** A world, and what makes input in it that `defend` has to refuse. */
export function useRefusals() {
  const world = useWorld();
  const file = (name: string): string => join(world.folder, name);
  let weights: StateDict;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    weights = (await builtPackage().readCheckpoint(world.record)).stateDict;
  });

  /** Runs `defend` and checks that it fails as it should, having written nothing. */
  function expectRefusal(args: readonly string[], {status, code, names}: Refusal): void {
    const out = file('out');
    const given = args.includes('--clean') ? [] : ['--clean', '10'];
    const finished = sau(world.folder, ['defend', ...given, '--out', out, ...RUN, ...args]);
    for (const name of names) expect(finished.stderr).toMatch(name);
    expect(finished.stderr).toContain(`(${code})`);
    expect(finished).toMatchObject({status, stdout: ''});
    expect(namesIn(out)).toEqual([]);
    rmSync(out, {recursive: true, force: true});
  }

  async function write(name: string, change: (state: Map<string, TensorData>) => void) {
    const stateDict = new Map(weights);
    change(stateDict);
    const path = file(name);
    const head = {modelName: 'preactresnet18_w8', numClasses: 10};
    await builtPackage().writeCheckpoint(path, {...head, stateDict});
    return ['--ckpt', path, '--data', world.data, ...SCALE_FLAGS];
  }

  function tensor(name: string): TensorData {
    const found = weights.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }

  /** A copy of the data set with a change. */
  function dataWith(name: string, change: (folder: string) => void): string {
    const folder = file(name);
    cpSync(world.data, folder, {recursive: true});
    change(folder);
    return folder;
  }

  return {world, file, expectRefusal, write, tensor, dataWith, weights: () => weights};
}
