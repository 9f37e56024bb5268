import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {sandboxSupport} from '../../lib/sandbox/kernel.js';
import {IS_BUILT} from '../support/paths.js';
import {sau} from '../support/program.js';
import {useWorld} from '../support/world.js';

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
});
