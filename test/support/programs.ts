// Small programs of scripts/fixtures/make_programs.py, and changed copies of them.
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {matchStateDict} from '../../lib/checkpoint/state_dict.js';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import type {NativeTensors} from '../../lib/native/data_contract.js';
import type {NativeProgram} from '../../lib/native/program_contract.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {temporaryFolder} from './folders.js';
import {FIXTURES} from './paths.js';
import {makeZip, readZip} from './raw_zip.js';

/** Networks whose outputs PyTorch has computed. */
export const NETS = ['custom', 'conv_norm', 'attention'] as const;

export const programPath = (name: string): string => join(FIXTURES, 'programs', `${name}.pt2`);

/** What PyTorch computed with a program. */
export async function expectedOf(name: string): Promise<StateDict> {
  return (await readCheckpoint(join(FIXTURES, 'programs', `${name}.expected.pt`))).stateDict;
}

/** Other weights of its architecture, with the keys of the module. */
export async function otherWeightsOf(name: string): Promise<StateDict> {
  return (await readCheckpoint(join(FIXTURES, 'programs', `${name}.other.pt`))).stateDict;
}

/** Weights as the core loads them into a program. */
export async function tensorsFor(program: NativeProgram, state: StateDict): Promise<NativeTensors> {
  const keys = new Set(program.weights.map(({key}) => key));
  const own = new Map([...state].filter(([key]) => keys.has(key)));
  const layout = program.weights.map(({key, shape, dtype}) => ({name: key, shape, dtype}));
  return (await matchStateDict(own, layout)).tensors;
}

type Entries = Map<string, Buffer | string>;

/** A copy of a program with other entries. Returns its path. */
export async function changedArchive(
  name: string,
  change: (entries: Entries, root: string) => void,
): Promise<string> {
  const entries: Entries = await readZip(programPath(name));
  change(entries, `${name}/`);
  const path = join(await temporaryFolder(), `${name}.pt2`);
  await writeFile(path, makeZip([...entries].map(([entry, data]) => ({name: entry, data}))));
  return path;
}

/** A copy of a program with another JSON text in one of its entries. */
export function changedText(
  name: string,
  change: (text: string) => string,
  entry = 'models/model.json',
): Promise<string> {
  return changedArchive(name, (entries, root) => {
    const before = String(entries.get(root + entry));
    const after = change(before);
    if (after === before) throw new Error(`The change leaves ${entry} of ${name} as it is`);
    entries.set(root + entry, after);
  });
}
