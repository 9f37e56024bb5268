import {resolve} from 'node:path';
import {DEFENSE_NAMES} from '../defenses/defenses.js';
import {ATTACK_KINDS} from '../options/attacks/attacks.js';
import {optionsOfAttack, optionsOfDefense} from '../options/tables.js';
import type {SweepStep} from '../sweep/steps.js';
import {type Needs, namedPaths, needsOfAttack, needsOfModel} from './needs.js';

/** Steps of a sweep, and where the paths of their options begin. */
interface Steps {
  readonly steps: readonly Pick<SweepStep, 'kind' | 'method' | 'options'>[];
  /** Absolute. */
  readonly base: string;
}

/** What steps of a sweep read besides what is in its folder: data sets, victims that are there, files of options. */
export function readsOfSteps({steps, base}: Steps): readonly string[] {
  const before = process.cwd();
  // Without it nothing is found, and the step itself says so.
  if (!enter(base)) return [];
  try {
    const reads = steps.flatMap((step) => readsOf(step)).map((path) => resolve(path));
    return [...new Set(reads)];
  } finally {
    process.chdir(before);
  }
}

function readsOf({kind, method, options}: Steps['steps'][number]): Needs['reads'] {
  const data = typeof options.data === 'string' ? options.data : null;
  if (kind === 'attack') {
    const attack = ATTACK_KINDS.find((name) => name === method);
    return attack === undefined
      ? []
      : needsOfAttack(optionsOfAttack(attack), {...options, data, out: ''}).reads;
  }
  const defense = DEFENSE_NAMES.find((name) => name === method);
  if (defense === undefined) return [];
  const table = optionsOfDefense(defense);
  const {ckpt} = options;
  // Without one its victim is in the folder of the sweep.
  return typeof ckpt === 'string'
    ? needsOfModel(table, {...options, data, ckpt}).reads
    : namedPaths(table, options);
}

function enter(folder: string): boolean {
  try {
    process.chdir(folder);
    return true;
  } catch {
    return false;
  }
}
