import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {largestDifference} from '../support/closeness.js';
import {floatsOf} from '../support/oracle.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {useWorld, VICTIM} from '../support/world.js';

describe.skipIf(!IS_BUILT)('an attack on a pretrained model', () => {
  const world = useWorld();
  /** A training that changes next to nothing. */
  const still = {...VICTIM, epochs: 1, learningRate: 1e-12, weightDecay: 0, saveEvery: 0};

  it('starts from the weights that fit, and says which are fresh', async () => {
    const {attack, readCheckpoint} = builtPackage();
    const out = join(world.folder, 'same');
    const notes: string[] = [];
    await attack(
      {...still, data: world.data, out, pretrained: world.record},
      {onProgress: (p) => p.kind === 'note' && notes.push(p.message)},
    );
    expect(notes.join()).toMatch(/102 of 102 weights start as in .*badnet/);
    // The record was trained for two epochs.
    expect(notes.at(-1)).toContain('hardly more than one that guesses');
    const [before, after] = await Promise.all([readCheckpoint(world.record), readCheckpoint(out)]);
    for (const key of ['conv1.weight', 'layer4.1.conv2.weight', 'linear.bias']) {
      const [a, b] = [before, after].map(({stateDict}) => floatsOf(stateDict, key));
      expect(largestDifference(a ?? [], b ?? []), key).toBeLessThan(1e-9);
    }
  });

  it('refuses a file that is not there before anything is poisoned', async () => {
    const {attack} = builtPackage();
    const stages: string[] = [];
    const run = attack(
      {...still, data: world.data, out: join(world.folder, 'none'), pretrained: 'absent.pth'},
      {onProgress: (p) => p.kind === 'stage' && stages.push(p.message)},
    );
    await expect(run).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: expect.stringContaining('absent.pth but there is no such file'),
    });
    expect(stages).toEqual([]);
  });

  it('refuses the weights of another architecture and leaves nothing', async () => {
    const {attack} = builtPackage();
    const out = join(world.folder, 'other');
    const other = {...still, data: world.data, out, pretrained: world.record};
    await expect(attack({...other, model: 'resnet18_w8', batchSize: 8})).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: expect.stringMatching(/the weights of a resnet18_w8 .* are missing .*bn1/s),
    });
    expect(await readdir(world.folder)).not.toContain('other');
  });
});
