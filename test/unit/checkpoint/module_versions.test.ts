import {describe, expect, it} from 'vitest';
import {moduleVersions} from '../../../lib/checkpoint/module_versions.js';

function versions(modelName: string, weights: readonly string[]): Record<string, unknown> {
  const entries = [...moduleVersions(modelName, weights)];
  return Object.fromEntries(
    entries.map(([path, facts]) => [path, facts instanceof Map ? facts.get('version') : facts]),
  );
}

const WEIGHTS = [
  ...['layers.0.weight', 'layers.1.weight', 'layers.1.running_mean'],
  ...['layers.1.num_batches_tracked', 'classifier.1.weight'],
];

describe('the versions of modules', () => {
  it('are 2 of a batch norm and 1 of the other modules that hold weights', () => {
    expect(versions('resnet18', WEIGHTS)).toEqual({
      '': 1,
      layers: 1,
      'layers.0': 1,
      'layers.1': 2,
      classifier: 1,
      'classifier.1': 1,
    });
  });

  it('are 2 of an MNASNet itself, also inside a wrapper', () => {
    expect(versions('mnasnet1_0_w8', WEIGHTS)).toMatchObject({'': 2, layers: 1});
    const wrapped = WEIGHTS.map((name) => `module.${name}`);
    expect(versions('mnasnet1_0', wrapped)).toMatchObject({module: 2, 'module.layers': 1});
  });
});
