import type {SweepEngine} from '../engine.js';
import type {EngineName} from './engines.js';

const LOADERS: Readonly<Record<EngineName, () => Promise<SweepEngine>>> = {
  local: async () => (await import('./local_engine.js')).localEngine,
  slurm: async () => (await import('./slurm_engine.js')).slurmEngine,
  kubernetes: async () => (await import('./kubernetes_engine.js')).kubernetesEngine,
};

/** What does the steps: an engine that is not used costs nothing. */
export function loadEngine(name: EngineName): Promise<SweepEngine> {
  return LOADERS[name]();
}
