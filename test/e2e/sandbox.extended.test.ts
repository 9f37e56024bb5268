import {copyFileSync, mkdirSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {sandboxSupport} from '../../lib/sandbox/kernel.js';
import {IS_BUILT} from '../support/paths.js';
import {sau} from '../support/program.js';
import {drawSmallShapes, SMALL_PLAN, writePlan} from '../support/sweeps.js';
import {SCALE, useWorld} from '../support/world.js';

const {why} = sandboxSupport();
const CPU = ['--device', 'cpu', '--threads', '1', '--quiet'];
const SHORT = ['--rounds', '1', '--batch-size', '12', ...CPU];

describe.skipIf(!IS_BUILT || why !== null)(`--sandbox (skipped: ${why ?? 'not built'})`, () => {
  const world = useWorld();
  const inWorld = (args: readonly string[]) => sau(world.folder, args);

  it('holds the processes of a comparison, the images of a folder and a report', () => {
    const clean = join('data', 'shapes', 'train');
    const runs = ['compare', '--ckpt', 'record/badnet', '--data', 'data/shapes', '--methods', 'ft'];
    const args = [...runs, '--seeds', '0', '--out', 'compared', ...SHORT, '--clean', clean];
    const compared = inWorld([...args, '--sandbox', 'on']);
    expect(compared.stderr).toBe('');
    expect(compared.status).toBe(0);
    expect(inWorld(['report', 'compared', '--quiet', '--sandbox', 'on'])).toMatchObject({
      status: 0,
      stdout: expect.not.stringMatching(/left out/),
    });
  });

  it('holds the steps of a sweep, each by itself too: no victim leads out of what the plan names', async () => {
    await drawSmallShapes(world.folder);
    mkdirSync(join(world.folder, 'secret'));
    const secret = join(world.folder, 'secret', 'weights.pt');
    copyFileSync(join(world.record, 'attack_result.pt'), secret);
    mkdirSync(join(world.folder, 'links'));
    symlinkSync(secret, join(world.folder, 'links', 'attack_result.pt'));
    const attacks = SMALL_PLAN.attacks.slice(0, 1);
    const victims = ['record/badnet', 'links'];
    writePlan(join(world.folder, 'plan.yaml'), {
      ...{...SMALL_PLAN, attacks, victims, data: undefined, models: undefined},
      attack: {...SMALL_PLAN.attack, data: 'data/shapes', model: 'preactresnet18_w2', ...SCALE},
      ...{defenses: ['clp'], defend: {device: 'cpu', ...SCALE}},
    });
    const done = inWorld(['sweep', 'plan.yaml', '--json', '--sandbox', 'on']);
    const {counts, steps} = JSON.parse(done.stdout);
    expect(counts).toMatchObject({total: 4, done: 3, failed: 1});
    const failed = steps.find(({state}: {state: string}) => state === 'failed');
    expect(failed.failure.message).toContain('links');
    const step = (mode: string) => {
      const args = ['sweep', 'step', 'sweeps/plan', failed.id, '--quiet', '--sandbox', mode];
      return inWorld(args);
    };
    expect(step('on').stderr).toMatch(/sandbox does not let this command read .*links/);
    expect(step('off')).toMatchObject({status: 0, stderr: ''});
  });
});
