import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {OrderedDict} from '../../lib/checkpoint/pickle_values.js';
import {PickledTensor, type PickleValue} from '../../lib/checkpoint/pickle_writer.js';
import {writeSafetensors} from '../../lib/checkpoint/safetensors_writer.js';
import {convertTensor, type DType} from '../../lib/checkpoint/tensor.js';
import {writeTorchFile} from '../../lib/checkpoint/torch_zip_writer.js';
import type {DefendOptions, Progress, StateDict, TensorData} from '../../lib/index.js';
import {fixture} from '../support/checkpoint_fixtures.js';
import {jsonOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, SCALE, useWorld} from '../support/world.js';

describe.skipIf(!IS_BUILT)('a defense of a checkpoint of another program', () => {
  const world = useWorld();
  let weights: StateDict;

  beforeAll(async () => {
    if (!IS_BUILT) return;
    weights = (await builtPackage().readCheckpoint(world.record)).stateDict;
  });

  async function changed(
    rename: (name: string) => string | null,
    dtype: DType = 'float32',
  ): Promise<StateDict> {
    const entries = [...weights].flatMap(([name, tensor]) => {
      const to = rename(name);
      return to === null ? [] : [[to, tensor] as const];
    });
    const state = new Map<string, TensorData>();
    for (const [name, tensor] of entries) {
      const type = tensor.dtype === 'float32' ? dtype : tensor.dtype;
      state.set(name, {...tensor, dtype: type, data: await convertTensor(tensor, type)});
    }
    return state;
  }

  async function defended(ckpt: string, more: Partial<DefendOptions> = {}) {
    const notes: string[] = [];
    const onProgress = (event: Progress) => {
      if (event.kind === 'note') notes.push(event.message);
    };
    const out = `${ckpt}.out`;
    const data = {data: world.data, clean: '10', rounds: 1, batchSize: 8, out};
    const options = {...CPU, ...SCALE, ...data, ckpt, ...more} as DefendOptions;
    return {out, notes, result: await builtPackage().defend(options, {onProgress})};
  }

  function typesOf(state: StateDict): string[] {
    return [...new Set([...state.values()].map(({dtype}) => dtype))].sort();
  }

  it('gives a safetensors file back as one, under its own names', async () => {
    const ckpt = join(world.folder, 'model.safetensors');
    const state = await changed((name) => `model.${name}`);
    await writeSafetensors(ckpt, state);
    const {out, result} = await defended(ckpt);
    expect(namesIn(out)).toContain('defense_result.safetensors');
    expect(result.files.safetensors).toBe(join(out, 'defense_result.safetensors'));
    expect(jsonOf(join(out, 'run.json'))).toMatchObject({
      model: 'preactresnet18_w8',
      files: {safetensors: 'defense_result.safetensors'},
    });
    const {readCheckpoint} = builtPackage();
    const written = await readCheckpoint(result.files.safetensors ?? '');
    expect([...written.fileNames.values()]).toEqual([...state.keys()]);
    const pt = await readCheckpoint(result.files.checkpoint);
    expect([...pt.fileNames.values()]).toEqual([...state.keys()]);
    expect(pt.modelName).toBe('preactresnet18_w8');
    for (const [name, {data}] of pt.stateDict) {
      const other = written.stateDict.get(name)?.data ?? new Uint8Array();
      expect(Buffer.compare(other, data), name).toBe(0);
    }
  });

  it('keeps wrapped names and the lack of counters, and notes what was left out', async () => {
    const ckpt = join(world.folder, 'timm.pth');
    const state = await changed((name) =>
      name.endsWith('tracked') ? null : `module._orig_mod.${name}`,
    );
    const dict = new OrderedDict() as OrderedDict & Map<string, PickleValue>;
    for (const [name, tensor] of state) dict.set(name, new PickledTensor(tensor));
    await writeTorchFile(ckpt, new Map<string, PickleValue>([['state_dict_ema', dict]]));
    const {notes, result} = await defended(ckpt);
    expect(notes).toContain('the weights are the averaged ones (state_dict_ema)');
    expect(notes).toContainEqual(expect.stringContaining('have no num_batches_tracked'));
    const written = await builtPackage().readCheckpoint(result.files.checkpoint);
    expect([...written.fileNames.values()]).toEqual([...state.keys()]);
    expect(result.files.safetensors).toBeUndefined();
  });

  it('writes float16 weights in float32, and in float16 with keepDtype, as measured', async () => {
    const ckpt = join(world.folder, 'half.safetensors');
    await writeSafetensors(ckpt, await changed((name) => name, 'float16'));
    const {readCheckpoint, evaluate} = builtPackage();
    const wide = await defended(ckpt);
    const plain = await readCheckpoint(wide.result.files.checkpoint);
    expect(typesOf(plain.stateDict)).toEqual(['float32', 'int64']);

    const {result} = await defended(ckpt, {keepDtype: true, force: true});
    for (const path of [result.files.checkpoint, result.files.safetensors ?? '']) {
      expect(typesOf((await readCheckpoint(path)).stateDict)).toEqual(['float16', 'int64']);
    }
    const data = {...CPU, ...SCALE, data: world.data, batchSize: 256};
    const {metrics} = await evaluate({...data, ckpt: result.files.checkpoint});
    expect(result.after).toEqual(metrics);
    expect(result.after.cleanLoss).not.toBe(wide.result.after.cleanLoss);
  });

  it('is told by inspect, with the architecture and without the tensors', async () => {
    const ckpt = join(world.folder, 'told.safetensors');
    await writeSafetensors(ckpt, await changed((name) => `module.${name}`));
    const {stdout, status} = sau(world.folder, ['inspect', ckpt]);
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'can be purified: yes',
      `path: ${ckpt}`,
      'format: safetensors',
      'architecture: preactresnet18_w8',
    ]);
    expect(stdout).not.toContain('layer1.0.conv1.weight');
    expect(sau(world.folder, ['inspect', ckpt, '--tensors']).stdout).toContain(
      'layer1.0.conv1.weight: float32 [8,8,3,3]',
    );
    expect(JSON.parse(sau(world.folder, ['inspect', ckpt, '--json']).stdout)).toMatchObject({
      ...{purifiable: true, because: null, architecture: 'preactresnet18_w8'},
      ...{format: 'safetensors', kind: 'state_dict', model: {tensorCount: 102}},
    });
  });

  it('is told by inspect where it cannot be purified, with the options of the command line', async () => {
    const ckpt = join(world.folder, 'misfit.safetensors');
    await writeSafetensors(ckpt, await changed((name) => (name === 'linear.bias' ? null : name)));
    expect(sau(world.folder, ['inspect', ckpt]).stdout.split('\n')[0]).toBe(
      'can be purified: no, because its weights are not those of a preactresnet18_w8 of 10 classes: 1 missing: linear.bias',
    );
    const other = sau(world.folder, ['inspect', fixture('bare.pt')]).stdout;
    expect(other).toMatch(/^can be purified: no, because its weights are those of no architecture/);
    expect(other).toContain('give the file as --program');
    expect(sau(world.folder, ['inspect', fixture('torchscript.pt')])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^can be purified: no, because it is a TorchScript module/),
    });
  });
});
