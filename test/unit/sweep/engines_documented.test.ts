import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {parseSweepConfig} from '../../../lib/sweep/config.js';
import {kubernetesEngine} from '../../../lib/sweep/engines/kubernetes_engine.js';
import {slurmEngine} from '../../../lib/sweep/engines/slurm_engine.js';
import {ROOT} from '../../support/paths.js';
import {openSweep} from '../../support/sweep_steps.js';

const ENGINES = {slurm: slurmEngine, kubernetes: kubernetesEngine} as const;

/** The plan of docs/sweeps.md that has settings for this engine. */
function planFor(engine: string): Record<string, unknown> {
  const page = readFileSync(join(ROOT, 'docs', 'sweeps.md'), 'utf8');
  const plans = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => parse(text));
  return plans.find((plan) => plan.engines !== undefined && engine in plan.engines);
}

describe('the plan of docs/sweeps.md', () => {
  it.each([
    ['slurm', /^#SBATCH --gres=gpu:1$/m],
    ['kubernetes', /nvidia.com\/gpu: 1$/m],
  ] as const)('for %s is one, and the engine takes it', async (engine, asked) => {
    const options = {plan: planFor(engine), engine, out: '/data/runs/paper'};
    const {steps, settings, resources} = await parseSweepConfig(options);
    expect(steps.length).toBeGreaterThan(20);
    const {file, ...sweep} = openSweep(steps, settings, {}, '/data/runs/paper');
    const text = ENGINES[engine].preview?.({...sweep, file, resources});
    expect(text).toMatch(asked);
  });
});
