import type {SweepEngine} from '../engine.js';
import type {EngineName} from './engines.js';
import {kubernetesEngine} from './kubernetes_engine.js';
import {localEngine} from './local_engine.js';
import {slurmEngine} from './slurm_engine.js';

// Apart from the table of engines, which the tables of options import.

const WORKS: Readonly<Record<EngineName, SweepEngine>> = {
  local: localEngine,
  slurm: slurmEngine,
  kubernetes: kubernetesEngine,
};

/** What does the steps. */
export function workOf(name: EngineName): SweepEngine {
  return WORKS[name];
}
