import {rename} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readProgram} from '../../../lib/programs/read_program.js';
import {inspectCheckpoint} from '../../../lib/records/inspect.js';
import {fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {changedArchive, changedText, programPath} from '../../support/programs.js';

describe('a program of torch.export', () => {
  it('is read with its versions, input, output, weights and nodes', async () => {
    const program = await readProgram(programPath('conv_norm'));
    expect(program).toMatchObject({
      ...{torchVersion: '2.13.0+cpu', schemaVersion: '8.20'},
      ...{input: 'x', height: 16, width: 16, output: 'linear', numClasses: 10},
    });
    expect(program.nodes[0]).toMatchObject({operator: 'aten::conv2d', overload: ''});
    expect(program.nodes[0]?.arguments.get('stride')).toEqual({
      kind: 'list',
      items: [
        {kind: 'int', value: 1},
        {kind: 'int', value: 1},
      ],
    });
  });

  it('has its weights in the order of a state dict, buffers beside their parameters', async () => {
    const {weights, stateDict} = await readProgram(programPath('conv_norm'));
    expect(weights.slice(0, 7).map(({key, kind}) => [key, kind])).toEqual([
      ['stem.0.weight', 'parameter'],
      ['stem.1.weight', 'parameter'],
      ['stem.1.bias', 'parameter'],
      ['stem.1.running_mean', 'buffer'],
      ['stem.1.running_var', 'buffer'],
      ['stem.1.num_batches_tracked', 'buffer'],
      ['norm.weight', 'parameter'],
    ]);
    expect([...stateDict.keys()]).toEqual(weights.map(({key}) => key));
    expect(stateDict.get('stem.0.weight')).toMatchObject({dtype: 'float32', shape: [8, 3, 3, 3]});
  });

  it('has constants and buffers that are not saved apart, and knows a tensor of two names', async () => {
    const {constants, weights, nodes} = await readProgram(programPath('custom'));
    expect(constants.get('c_scale')?.shape).toEqual([1, 3, 1, 1]);
    expect(constants.get('b_hidden')?.shape).toEqual([1, 8, 1, 1]);
    expect(weights.filter(({tiedTo}) => tiedTo !== null)).toMatchObject([
      {key: 'left.weight', tiedTo: 'right.weight'},
    ]);
    expect(nodes.find(({operator}) => operator === 'aten::chunk')).toMatchObject({
      outputs: ['getitem', 'getitem_1'],
      givesList: true,
    });
  });

  it('keeps every bit of an integer', async () => {
    const path = await changedText('conv_norm', (text) =>
      text.replace(
        '"start_dim", "arg": {"as_int": 1}',
        '"start_dim", "arg": {"as_int": 9223372036854775807}',
      ),
    );
    const {nodes} = await readProgram(path);
    const flatten = nodes.find(({operator}) => operator === 'aten::flatten');
    expect(flatten?.arguments.get('start_dim')).toEqual({kind: 'int', value: 2n ** 63n - 1n});
  });

  it('reads numbers that are not finite', async () => {
    const path = await changedText('conv_norm', (text) =>
      text.replace('"as_float": 1e-05', '"as_float": "-Infinity"'),
    );
    const {nodes} = await readProgram(path);
    const norm = nodes.find(({operator}) => operator === 'aten::batch_norm');
    expect(norm?.arguments.get('eps')).toEqual({kind: 'float', value: Number.NEGATIVE_INFINITY});
  });

  it('may have any name and any root folder', async () => {
    const path = await changedArchive('conv_norm', (entries, root) => {
      for (const [name, data] of [...entries]) {
        entries.delete(name);
        entries.set(name.replace(root, 'archive/'), data);
      }
    });
    const other = join(path, '..', 'other');
    await rename(path, other);
    expect((await readProgram(other)).numClasses).toBe(10);
  });
});

describe('inspect', () => {
  it('describes a program, which can be purified, with its versions and weights', async () => {
    const path = programPath('conv_norm');
    expect(await inspectCheckpoint(path)).toMatchObject({
      ...{path, format: 'torch-export', kind: 'program', purifiable: true, because: null},
      model: {
        modelName: 'conv_norm',
        numClasses: 10,
        tensorCount: 27,
        dtypes: ['float32', 'int64'],
      },
      content: {torch: '2.13.0+cpu', schema: '8.20', nodes: '18', images: '16 x 16'},
    });
  });

  it('says why a program cannot be purified, and what to do', async () => {
    const {purifiable, because, advice} = await inspectCheckpoint(programPath('static_batch'));
    expect(purifiable).toBe(false);
    expect(because).toBe('it takes batches of 2 images alone');
    expect(advice).toContain('torch.export.save(exported, "model.pt2")');
  });
});

const refusal = async (path: string): Promise<string> =>
  (await errorOf(readProgram(path), 'ERR_PROGRAM')).message;
const replaced = (name: string, from: string | RegExp, to: string) =>
  changedText(name, (text) => text.replace(from, to));

describe('a program that is refused', () => {
  it('of a batch of one size, gets the two lines that export it with any', async () => {
    const message = await refusal(programPath('static_batch'));
    expect(message).toContain('it takes batches of 2 images alone');
    expect(message).toContain('torch.randn(2, 3, 16, 16)');
    expect(message).toContain('dynamic_shapes=({0: torch.export.Dim("batch")},)');
    expect(message).toContain('torch.export.save(exported, "model.pt2")');
  });

  it('in training mode, is told to call eval() before', async () => {
    const message = await refusal(programPath('training_mode'));
    expect(message).toContain('its node batch_norm is in training mode. Call eval() before');
  });

  it.each([
    ['torch.ops.aten.from_file.default', 'is not among the operators that are allowed'],
    ['torch.ops.aten.relu.out', 'is not among the operators that are allowed'],
    ['torch.ops.aten.dropout.Tensor', 'is not among the operators that are allowed'],
    ['torch.ops.c10d.broadcast_.default', 'is not among the operators that are allowed'],
    ['torch.ops.mylib.foo.default', 'is not among the operators that are allowed'],
    ['torch.ops.aten.__proto__.default', 'is not among the operators that are allowed'],
    ['builtins.exec', 'is not among the operators that are allowed'],
    ['torch.ops.higher_order.wrap_with_set_grad_enabled', 'Take torch.no_grad()'],
    ['torch.ops.higher_order.cond', 'a branch or a loop'],
  ])('calls %s, which is named with its node', async (target, reason) => {
    const message = await refusal(
      await replaced('conv_norm', '"torch.ops.aten.max_pool2d.default"', `"${target}"`),
    );
    expect(message).toContain(`its node max_pool2d calls "${target}"`);
    expect(message).toContain(reason);
  });

  it.each([
    ['a newer schema', '"major": 8', '"major": 9', 'it has schema 9.20'],
    ['an older schema', '"major": 8', '"major": 7', 'Export it again with torch 2.9'],
    [
      'an argument that is an object',
      '"as_int": 1}',
      '"as_custom_obj": {}}',
      'of the kind "as_custom_obj"',
    ],
    [
      'a value before its definition',
      '"arg": {"as_tensor": {"name": "flatten"}}',
      '"arg": {"as_tensor": {"name": "linear"}}',
      'it uses linear before it is defined',
    ],
    [
      'a value twice',
      /"outputs": \[\{"as_tensor": \{"name": "flatten"\}\}\]/,
      '"outputs": [{"as_tensor": {"name": "conv2d"}}]',
      'it defines conv2d twice',
    ],
    [
      'an integer of more than 64 bits',
      '"as_int": 1}',
      '"as_int": 9223372036854775808}',
      'an integer of 64 bits',
    ],
    [
      'a number of a million digits',
      '"as_int": 1}',
      `"as_int": ${'9'.repeat(1e6)}}`,
      'a number of more than 64 bits',
    ],
    [
      'an input that is an object',
      '"user_input": {"arg": {"as_tensor"',
      '"user_input": {"arg": {"as_custom_obj"',
      'it has an input that is no tensor',
    ],
    ['a token', '"user_input": {', '"token": {', 'it has an input of the kind "token"'],
    [
      'an output that changes a buffer',
      '"user_output": {"arg": {"as_tensor": {"name": "linear"}}}',
      '"buffer_mutation": {"arg": {"name": "linear"}, "buffer_name": "norm.running_mean"}',
      'it changes its buffer norm.running_mean',
    ],
    [
      'two outputs',
      '{"user_output": {"arg": {"as_tensor": {"name": "linear"}}}}',
      '{"user_output": {"arg": {"as_tensor": {"name": "linear"}}}}, {"user_output": {"arg": {"as_tensor": {"name": "flatten"}}}}',
      'it gives back 2 values',
    ],
    [
      'features as its output',
      '"user_output": {"arg": {"as_tensor": {"name": "linear"}',
      '"user_output": {"arg": {"as_tensor": {"name": "relu"}',
      'it gives back [N, 8, 8, 8]',
    ],
    ['a complex tensor', '"dtype": 7', '"dtype": 9', 'a type of elements that is not supported'],
  ])('has %s', async (_, from, to, reason) => {
    expect(await refusal(await replaced('conv_norm', from, to))).toContain(reason);
  });

  it('is nested deeply, or has millions of values, before anything is made of them', async () => {
    const open = await replaced(
      'conv_norm',
      '"guards_code": []',
      `"guards_code": ${'['.repeat(1e6)}`,
    );
    expect(await refusal(open)).toContain('nested deeper than 64');
    const long = await replaced(
      'conv_norm',
      '"guards_code": []',
      `"guards_code": [${'[],'.repeat(3e6)}[]]`,
    );
    expect(await refusal(long)).toContain('too many values');
  });
});

const WEIGHTS = 'data/weights/model_weights_config.json';
const weightsChanged = (from: string | RegExp, to: string) =>
  changedText('conv_norm', (text) => text.replace(from, to), WEIGHTS);

describe('an archive that is refused', () => {
  it.each([
    ['pickled', '"use_pickle": false', '"use_pickle": true', 'its stem.0.weight is pickled'],
    [
      'outside of its storage',
      '"storage_offset": {"as_int": 0}',
      '"storage_offset": {"as_int": 1}',
      'does not fit in the 864 bytes',
    ],
    [
      'of strides that overflow',
      '"as_int": 27',
      '"as_int": 9007199254740991',
      'does not fit in the 864 bytes',
    ],
    ['of negative sizes', '{"as_int": 8}', '{"as_int": -8}', 'an integer >= 0'],
    [
      'larger than its storage',
      '{"as_int": 8}',
      '{"as_int": 9007199254740991}',
      'does not fit in the 864 bytes',
    ],
    [
      'of another shape than in the graph',
      '{"as_int": 8}',
      '{"as_int": 4}',
      'but its graph takes float32 [8, 3, 3, 3]',
    ],
    ['in an entry that is missing', '"weight_0"', '"weight_99"', 'which it lacks'],
    ['in another folder', '"weight_0"', '"../weights/weight_0"', 'no plain name'],
    ['sparse', '"layout": 7', '"layout": 1', 'is not a dense tensor'],
    ['missing', '"stem.0.weight"', '"stem.0.other"', 'it lacks the tensor "stem.0.weight"'],
  ])('has a weight that is %s', async (_, from, to, reason) => {
    expect(await refusal(await weightsChanged(from, to))).toContain(reason);
  });

  it.each([
    ['of compiled code', (root: string) => `${root}data/aotinductor/model/model.so`, 'AOTInductor'],
    ['of an old torch', () => 'serialized_exported_program.json', 'before version 2.8'],
    ['of TorchScript', (root: string) => `${root}constants.pkl`, 'it is a TorchScript module'],
    ['of torch.save', (root: string) => `${root}data.pkl`, 'it is a file of torch.save'],
    ['of nothing known', (root: string) => `${root}readme`, 'it has no entry models/model.json'],
  ])('is %s', async (_, name, reason) => {
    const path = await changedArchive('conv_norm', (entries, root) => {
      entries.clear();
      entries.set(name(root), 'x');
    });
    expect(await refusal(path)).toContain(reason);
  });

  it('has pickled weights, several programs, or another order of bytes', async () => {
    const pickled = (entries: Map<string, unknown>, root: string) =>
      entries.set(`${root}data/weights/model.pt`, 'x');
    const second = (entries: Map<string, unknown>, root: string) =>
      entries.set(`${root}models/second.json`, '{}');
    const big = (entries: Map<string, unknown>, root: string) =>
      entries.set(`${root}byteorder`, 'big');
    expect(await refusal(await changedArchive('conv_norm', pickled))).toContain('are pickled');
    expect(await refusal(await changedArchive('conv_norm', second))).toContain('it has 2 programs');
    expect(await refusal(await changedArchive('conv_norm', big))).toContain(
      'its byteorder is "big"',
    );
  });

  it('is a checkpoint, or no archive at all', async () => {
    expect(await refusal(fixture('bare.pt'))).toContain('it is a file of torch.save');
    expect(await refusal(fixture('legacy.pt'))).toContain('not with PK');
    await errorOf(readProgram('missing.pt2'), 'ERR_CHECKPOINT');
  });
});
