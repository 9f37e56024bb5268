import {beforeAll, describe, expect, it} from 'vitest';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import {loadCore, toSauError} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeProgram} from '../../lib/native/program_contract.js';
import {nativeProgram} from '../../lib/programs/native_program.js';
import {OPERATORS} from '../../lib/programs/operators.js';
import {readProgram} from '../../lib/programs/read_program.js';
import {worst} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {floatsOf, numbersOf} from '../support/oracle.js';
import {expectedOf, NETS, otherWeightsOf, programPath, tensorsFor} from '../support/programs.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

async function respond(
  name: string,
  state: StateDict | null,
  view: 'module' | 'frozen',
  dtype: 'float32' | 'float64' | 'bfloat16' = 'float32',
  expected: StateDict | null = null,
) {
  const read = await readProgram(programPath(name));
  const program = nativeProgram(read);
  const images = floatsOf(expected ?? (await expectedOf(name)), 'images');
  const tensors = await tensorsFor(program, state ?? read.stateDict);
  const size = {count: 3, height: 16, width: 16};
  return core.functional.net.run({program, tensors, images, ...size, view, dtype});
}

const VIEWS = ['module', 'frozen'] as const;
const PAIRS = NETS.flatMap((name) => VIEWS.map((view) => [name, view] as const));

describe('a program of torch.export', () => {
  it.each(PAIRS)('gives the logits and pixel gradients of PyTorch: %s, %s', async (name, view) => {
    const expected = await expectedOf(name);
    const {logits, gradient} = await respond(name, null, view);
    expect(worst(logits, floatsOf(expected, 'logits'))).toBeLessThan(1e-5);
    expect(worst(gradient, floatsOf(expected, 'gradient'))).toBeLessThan(1e-5);
  });

  it.each(PAIRS)('gives them with weights of another checkpoint: %s, %s', async (name, view) => {
    const expected = await expectedOf(name);
    const {logits, gradient} = await respond(name, await otherWeightsOf(name), view);
    expect(worst(logits, floatsOf(expected, 'otherLogits'))).toBeLessThan(1e-5);
    expect(worst(gradient, floatsOf(expected, 'otherGradient'))).toBeLessThan(1e-5);
  });

  it.each(NETS)('gives the gradients of the weights: %s', async (name) => {
    const expected = await expectedOf(name);
    const read = await readProgram(programPath(name));
    const program = nativeProgram(read);
    const gradients = core.functional.net.weightGradients({
      ...{program, images: floatsOf(expected, 'images'), count: 3, height: 16, width: 16},
      tensors: await tensorsFor(program, read.stateDict),
    });
    expect(gradients.length).toBeGreaterThan(5);
    for (const tensor of gradients) {
      // PyTorch lists a tensor of two names under the first of them.
      const tied = read.weights.find(({tiedTo}) => tiedTo === tensor.name)?.key;
      const key = [`grad.${tensor.name}`, `grad.${tied}`].find((name) => expected.has(name)) ?? '';
      expect(worst(numbersOf(tensor), floatsOf(expected, key)), key).toBeLessThan(1e-5);
    }
  });

  it.each(PAIRS)('computes in float64 and in bfloat16: %s, %s', async (name, view) => {
    const exact = await respond(name, null, view, 'float64');
    const single = await respond(name, null, view);
    expect(worst(single.logits, exact.logits)).toBeLessThan(1e-5);
    const half = await respond(name, null, view, 'bfloat16');
    expect(worst(half.logits, exact.logits)).toBeLessThan(0.1);
    expect(worst(half.logits, exact.logits)).toBeGreaterThan(1e-5);
  });

  it('becomes layers where its nodes are some, and calls elsewhere', async () => {
    const described = async (name: string) =>
      core.functional.net.program(nativeProgram(await readProgram(programPath(name))));
    expect(await described('conv_norm')).toMatchObject({
      calls: ['aten::max_pool2d', 'aten::adaptive_avg_pool2d', 'aten::flatten'],
      endsInLinear: true,
    });
    expect((await described('preactresnet18_w2')).calls).toEqual([
      'aten::adaptive_avg_pool2d',
      'aten::flatten',
    ]);
    // Its last layer has no bias.
    expect(await described('custom')).toMatchObject({endsInLinear: false});
  });

  it('gives the same in the operators of compilers', async () => {
    const expected = await expectedOf('conv_norm');
    for (const view of VIEWS) {
      const {logits, gradient} = await respond('decomposed', null, view, 'float32', expected);
      expect(worst(logits, floatsOf(expected, 'logits'))).toBeLessThan(1e-5);
      expect(worst(gradient, floatsOf(expected, 'gradient'))).toBeLessThan(1e-5);
    }
    const program = nativeProgram(await readProgram(programPath('decomposed')));
    const {calls} = core.functional.net.program(program);
    expect(calls).not.toContain('aten::convolution');
    expect(calls).not.toContain('aten::_native_batch_norm_legit_no_training');
    expect(calls).toContain('aten::max_pool2d_with_indices');
  });

  it('costs what the same architecture by its name does', async () => {
    const program = nativeProgram(await readProgram(programPath('preactresnet18_w2')));
    const {macs, peakElements} = core.functional.net.program(program);
    const known = core.functional.net.cost('preactresnet18_w2', 10, 16, 16);
    expect(macs).toBe(known.macs);
    expect(peakElements).toBe(known.peakElements);
  });
});

const refusal = async (program: NativeProgram): Promise<string> => {
  const run = async () => {
    try {
      return core.functional.net.program(program);
    } catch (error) {
      throw toSauError(error);
    }
  };
  return (await errorOf(run(), 'ERR_PROGRAM')).message;
};
const read = async (name: string): Promise<NativeProgram> =>
  nativeProgram(await readProgram(programPath(name)));

type Node = NativeProgram['nodes'][number];
const changed = async (
  op: string,
  change: (node: Node) => Partial<Node>,
  name = 'conv_norm',
): Promise<NativeProgram> => {
  const program = await read(name);
  const nodes = program.nodes.map((node) => (node.op === op ? {...node, ...change(node)} : node));
  return {...program, nodes};
};

describe('the native core does not trust its caller', () => {
  it('and allows the operators of TypeScript, no other', async () => {
    expect(core.functional.net.operators()).toEqual([...OPERATORS].sort());
    for (const op of ['aten::from_file', 'aten::set_', 'c10d::broadcast_', 'aten::rand']) {
      expect(await refusal(await changed('aten::max_pool2d', () => ({op})))).toMatch(
        /its node max_pool2d \(.*\) cannot be called: expected an operator/,
      );
    }
  });

  it('and refuses names that are unknown or defined twice', async () => {
    const outputs = ['conv2d'];
    expect(await refusal(await changed('aten::flatten', () => ({outputs})))).toContain(
      'it defines conv2d twice',
    );
    const is = {kind: 'value', name: 'later'} as const;
    const later = await changed('aten::flatten', () => ({arguments: [{name: 'self', is}]}));
    expect(await refusal(later)).toContain('it uses later before it is defined');
  });

  it('and refuses arguments that the operator has not, or of another type', async () => {
    const extra = {name: 'other', is: {kind: 'int', value: 1} as const};
    const more = await changed('aten::flatten', (node) => ({
      arguments: [...node.arguments, extra],
    }));
    expect(await refusal(more)).toContain('expected no argument other');
    const text = {name: 'start_dim', is: {kind: 'string', value: 'x'} as const};
    const wrong = await changed('aten::flatten', ({arguments: [self, , ...rest]}) => ({
      arguments: [...(self === undefined ? [] : [self]), text, ...rest],
    }));
    expect(await refusal(wrong)).toContain('its node flatten (aten::flatten) fails');
    const none = await changed('aten::flatten', () => ({arguments: []}));
    expect(await refusal(none)).toContain('expected the argument self');
  });

  it('and refuses a value that needs gigabytes before it takes them', async () => {
    const size = [1n << 40n, 4].map((value) => ({kind: 'int', value}) as const);
    const huge = await changed('aten::flatten', ({outputs}) => ({
      ...{op: 'aten::full', overload: '', outputs},
      arguments: [
        {name: 'size', is: {kind: 'list', items: size}},
        {name: 'fill_value', is: {kind: 'float', value: 1}},
      ],
    }));
    expect(await refusal(huge)).toMatch(/expected to need at most 1024 MiB|can't allocate memory/);
    const lesser = [1 << 15, 1 << 16].map((value) => ({kind: 'int', value}) as const);
    const large = await changed('aten::flatten', ({outputs}) => ({
      ...{op: 'aten::full', overload: '', outputs},
      arguments: [
        {name: 'size', is: {kind: 'list', items: lesser}},
        {name: 'fill_value', is: {kind: 'float', value: 1}},
      ],
    }));
    expect(await refusal(large)).toContain('expected to need at most 1024 MiB, got 8192 MiB');
  });

  it('and refuses logits of another number of classes', async () => {
    const program = {...(await read('conv_norm')), numClasses: 9};
    expect(await refusal(program)).toContain('logits [N, 9] but it gives [2, 10]');
  });
});
