import {basename, extname} from 'node:path';
import {SauError} from '../base/errors.js';
import {listed} from '../checkpoint/state_dict.js';
import type {StateDict, TensorData} from '../checkpoint/tensor.js';
import {named} from '../options/named.js';
import type {Checkpoint} from '../records/read_checkpoint.js';
import type {Program} from './program.js';

/** What a program is called where a model has a name: its file without the ending. */
export function programName({path}: Program): string {
  return basename(path, extname(path));
}

/** The program's own weights. */
export function checkpointOf(program: Program): Checkpoint {
  const {path, numClasses, stateDict} = program;
  const modelName = programName(program);
  const fileNames = new Map([...stateDict.keys()].map((key) => [key, key]));
  return {
    ...{path, format: 'torch-export', modelName, numClasses, stateDict, fileNames},
    ...{keyPath: [], notes: [], kind: 'state_dict', record: null},
  };
}

/**
 * The weights of a state dict that a program computes with; of a tensor under several keys, one. They go by name
 * alone: the order of an archive is not that of the module. Throws ERR_CHECKPOINT for missing and unknown keys, and
 * where keys of one tensor have different values.
 */
export function weightsForProgram(program: Program, state: StateDict): StateDict {
  const keys = new Set(program.weights.map(({key}) => key));
  const missing = [...keys].filter((key) => !state.has(key) && !isCounter(key));
  const unknown = [...state.keys()].filter((key) => !keys.has(key));
  if (missing.length > 0 || unknown.length > 0) {
    const problems = [...listed('missing', missing), ...listed('unknown', unknown)].join('; ');
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected the ${keys.size} weights of the program ${program.path} but received others: ${problems}.`,
      {
        remedy: `Check that ${named('ckpt')} and ${named('program')} are of one model; weights go by their names.`,
        details: {missing, unknown},
      },
    );
  }
  const own = new Map<string, TensorData>();
  for (const {key, tiedTo} of program.weights) {
    const tensor = state.get(key);
    if (tensor === undefined) continue;
    if (tiedTo === null) own.set(key, tensor);
    else if (!sameBytes(tensor, state.get(tiedTo))) throw untied(program, key, tiedTo);
  }
  return own;
}

/** A state dict with each weight under all of its keys, in the program's order. */
export function withTiedWeights(program: Program, state: StateDict): StateDict {
  const all = new Map<string, TensorData>();
  for (const {key, tiedTo} of program.weights) {
    const tensor = state.get(tiedTo ?? key);
    if (tensor !== undefined) all.set(key, tensor);
  }
  return all;
}

/** The counter of a norm's batches, which loaders do not insist on. */
function isCounter(key: string): boolean {
  return /(^|\.)num_batches_tracked$/.test(key);
}

function sameBytes(a: TensorData, b: TensorData | undefined): boolean {
  return b !== undefined && a.dtype === b.dtype && Buffer.compare(a.data, b.data) === 0;
}

function untied(program: Program, key: string, other: string): SauError {
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected ${key} and ${other} to be equal, which are one tensor in the program ${program.path}, but they differ.`,
    {remedy: 'Give a checkpoint of the model that was exported.', details: {key, other}},
  );
}
