import type {OpenSweep} from '../../lib/sweep/engine.js';
import type {SweepStep} from '../../lib/sweep/steps.js';

const NO_LABELS = {
  ...{attack: null, victim: null, data: null, model: null, ratio: null},
  ...{defense: null, clean: null},
};

/** A step of a stage: an attack in the first and a defense in the second. */
export function sweepStep(stage: number, index: number, more: Partial<SweepStep> = {}): SweepStep {
  const kind = stage === 0 ? 'attack' : 'defend';
  const id = `${stage}${index}`.padStart(16, '0');
  return {
    ...{id, stage, index, kind, method: stage === 0 ? 'badnet' : 'sau', options: {seed: 0}},
    ...{needs: [], folder: `${kind === 'attack' ? 'attacks' : 'defenses'}/a-${id}`},
    labels: NO_LABELS,
    ...more,
  };
}

/** A sweep that is to do these steps, with an engine's settings and resources. */
export function openSweep(
  todo: readonly SweepStep[],
  settings: OpenSweep['settings'],
  resources: OpenSweep['settings'],
  folder = '/data/sweeps/paper',
): OpenSweep {
  return {
    ...{folder, todo, settings, status: [], resources: {attack: resources, defend: resources}},
    file: {schemaVersion: 1, name: 'Paper, table 1', base: '../..', plan: {}, steps: todo},
  };
}
