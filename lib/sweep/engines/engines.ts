import type {EngineEntry} from './entry.js';
import {KUBERNETES} from './kubernetes.js';
import {LOCAL} from './local.js';
import {SLURM} from './slurm.js';

/** Every engine by its name. */
export const ENGINES = {
  local: LOCAL,
  slurm: SLURM,
  kubernetes: KUBERNETES,
} as const satisfies Readonly<Record<string, EngineEntry>>;

/** The name of an engine of {@link sweep}; docs/sweeps.md describes each one. */
export type EngineName = keyof typeof ENGINES;
export const ENGINE_NAMES = Object.keys(ENGINES) as readonly EngineName[];

/** The entry of an engine, as those see it who know none. */
export function engineOf(name: EngineName): EngineEntry {
  return ENGINES[name];
}
