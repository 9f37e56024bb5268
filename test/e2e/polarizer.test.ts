import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {writeSafetensors} from '../../lib/checkpoint/safetensors_writer.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, SCALE, useWorld, VICTIM} from '../support/world.js';

const NPD = {...CPU, method: 'npd', clean: 20, rounds: 1, batchSize: 16, warmupRounds: 0} as const;
const OWN = [
  ...['0.weight', '1.weight', '1.bias', '1.running_mean', '1.running_var'],
  ...['1.num_batches_tracked', '2.weight'],
];

describe.skipIf(!IS_BUILT)('a purified model with a polarizer', () => {
  const world = useWorld();
  const out = () => join(world.record, 'defense', 'npd');

  it('has the keys that PyTorch gives the layers, and the name of its network', async () => {
    const result = await builtPackage().defend({...NPD, ckpt: world.record, out: out()});
    const before = await readCheckpoint(world.record);
    const {modelName, stateDict} = await readCheckpoint(out());
    expect(modelName).toBe(`${VICTIM.model}_polarized`);
    const at = [...before.stateDict.keys()].indexOf('layer4.1.conv1.weight');
    const names = [...before.stateDict.keys()].toSpliced(
      ...[at, 1, ...OWN.map((name) => `layer4.1.conv1.${name}`)],
    );
    expect([...stateDict.keys()]).toEqual(names);
    const {metrics} = await builtPackage().evaluate({...CPU, ckpt: world.record});
    expect(result.before.acc).toBe(metrics.acc);
  });

  it('is measured against the model before it, purified again, and reported', async () => {
    const {defend, evaluate, report} = builtPackage();
    const {before, metrics} = await evaluate({...CPU, ckpt: out(), against: world.record});
    const turned = await evaluate({...CPU, ckpt: world.record, against: out()});
    expect([turned.metrics, turned.before]).toEqual([before, metrics]);
    const again = join(world.record, 'defense', 'again');
    const result = await defend({
      ...{...CPU, ckpt: out(), method: 'ft', clean: 20, rounds: 1, batchSize: 16, out: again},
    });
    expect(result.before.acc).toBe(metrics.acc);
    expect((await readCheckpoint(again)).modelName).toBe(`${VICTIM.model}_polarized`);
    const page = await report(out(), CPU);
    expect(existsSync(join(out(), 'evidence.json')), JSON.stringify(page)).toBe(true);
  });

  it('is known by its weights, and keeps the names of a file of weights alone', async () => {
    const {defend, evaluate} = builtPackage();
    const record = await readCheckpoint(world.record);
    const bare = join(world.folder, 'bare.safetensors');
    const prefixed = [...record.stateDict].map(([key, t]) => [`module.${key}`, t] as const);
    await writeSafetensors(bare, new Map(prefixed));
    const folder = join(world.folder, 'of-bare');
    const data = {...SCALE, data: world.data};
    const result = await defend({...NPD, ...data, ckpt: bare, out: folder});
    const purified = join(folder, 'defense_result.safetensors');
    const names = [...(await readCheckpoint(purified)).fileNames.values()];
    for (const name of OWN) expect(names).toContain(`module.layer4.1.conv1.${name}`);
    const {model, metrics} = await evaluate({...CPU, ...data, ckpt: purified});
    expect(model).toBe(`${VICTIM.model}_polarized`);
    expect(metrics.acc).toBe(result.after.acc);
  });

  it('is not made of a network that has no place for it, and nothing is written', async () => {
    const {defend} = builtPackage();
    const folder = join(world.folder, 'refused');
    const second = defend({...NPD, ckpt: out(), out: folder});
    await expect(second).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Expected a network without a polarizer'),
    });
    const vit = defend({...NPD, ckpt: world.record, model: 'vit_b_32_w64', out: folder});
    await expect(vit).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Expected a network with a convolution behind its first'),
    });
    const program = defend({...NPD, ckpt: 'net.pt2', program: 'net.pt2', out: folder});
    await expect(program).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('whose network npd cannot change'),
    });
    expect(existsSync(folder)).toBe(false);
  });
});
