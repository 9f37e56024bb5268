import {describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, facts, floatsOf, imageSetOf, integersOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, tinySession} from '../support/sessions.js';

const tuning = {execution: 'auto', chunkSize: 0, cacheMib: 0} as const;
const ARITHMETIC = {precision: 'fp32', evalPrecision: 'fp32', deterministic: false} as const;

/** argmax of each row of [n,k] logits. */
function argmax(logits: Float32Array, classes: number): Int32Array {
  const rows = Array.from({length: logits.length / classes}, (_, i) =>
    logits.subarray(i * classes, (i + 1) * classes),
  );
  return Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)));
}

describe('the classifier', () => {
  it('predicts the class of the largest logit of the oracle, with both models', async () => {
    const batch = await tensorsOf('tiny_batch.pt');
    using session = await loadedSession(imageSetOf(batch));
    for (const role of ['trainee', 'reference'] as const) {
      const expected = argmax(floatsOf(batch, `${role}_logits`), facts.num_classes);
      expect(await session.predict(role, 'cleanSubset')).toEqual(expected);
    }
  });

  it('expects the tensors of the PyTorch model: their names, dtypes and shapes, in order', async () => {
    const {core} = await loadCore();
    const {model, num_classes: numClasses, mean, std} = facts;
    const native = new core.Session({
      device: 'cpu',
      seed: 0,
      threads: 1,
      model,
      numClasses,
      mean,
      std,
      ...ARITHMETIC,
      tuning,
    });
    const state = await tensorsOf('tiny_reference.pt');
    expect(await native.layout(false)).toEqual(
      [...state].map(([name, {dtype, shape}]) => ({name, dtype, shape})),
    );
    native.dispose();
  });

  it('has the 102 tensors and 11,171,146 parameters of the full PreActResNet18', async () => {
    const {core} = await loadCore();
    const {mean, std} = facts;
    const options = {device: 'cpu', seed: 0, threads: 1, model: 'preactresnet18', mean, std};
    const native = new core.Session({...options, numClasses: 10, ...ARITHMETIC, tuning});
    const layout = await native.layout(false);
    native.dispose();
    const parameters = layout.filter(({name}) => /(weight|bias)$/.test(name));
    const count = ({shape}: {shape: number[]}) => shape.reduce((a, b) => a * b, 1);
    expect(layout).toHaveLength(102);
    expect(parameters.reduce((sum, tensor) => sum + count(tensor), 0)).toBe(11_171_146);
  });
});

describe('weights', () => {
  it('come out of a session bit for bit as they went in', async () => {
    using session = await loadedSession();
    for (const role of ['trainee', 'reference'] as const) {
      const loaded = await tensorsOf(`tiny_${role}.pt`);
      const exported = await session.exportStateDict(role);
      expect([...exported.keys()]).toEqual([...loaded.keys()]);
      expect(bytesOf(exported)).toEqual(bytesOf(loaded));
    }
  });

  it('go into both models unless one is named', async () => {
    using session = await tinySession();
    const state = await tensorsOf('tiny_trainee.pt');
    await session.loadStateDict(state);
    const other = await tensorsOf('tiny_reference.pt');
    await session.loadStateDict(other, 'reference');
    expect(bytesOf(await session.exportStateDict('trainee'))).toEqual(bytesOf(state));
    expect(bytesOf(await session.exportStateDict('reference'))).toEqual(bytesOf(other));
  });

  it('are the same in both models after a fresh start, a function of the seed', async () => {
    const fresh = async (seed: number) => {
      using session = await tinySession({seed});
      await session.initialize();
      const trainee = bytesOf(await session.exportStateDict('trainee'));
      expect(bytesOf(await session.exportStateDict('reference'))).toEqual(trainee);
      return trainee;
    };
    const first = await fresh(3);
    expect(await fresh(3)).toEqual(first);
    expect((await fresh(4))['conv1.weight']).not.toBe(first['conv1.weight']);
  });

  it('that are missing, unknown or misshapen are listed, and nothing is changed', async () => {
    using session = await loadedSession();
    const state = await tensorsOf('tiny_trainee.pt');
    const wrong = new Map(state);
    wrong.delete('linear.bias');
    wrong.set('linear.bais', {dtype: 'float32', shape: [5], data: new Uint8Array(20)});
    wrong.set('conv1.weight', {dtype: 'float32', shape: [2, 3, 3], data: new Uint8Array(72)});
    const error = await errorOf(session.loadStateDict(wrong), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({missing: ['linear.bias'], extra: ['linear.bais']});
    expect(error.message).toContain('linear.bias');
    expect(error.message).toContain('linear.bais');
    expect(error.message).toContain(
      'conv1.weight (expected float32 [2, 3, 3, 3], received float32 [2, 3, 3])',
    );
    expect(bytesOf(await session.exportStateDict('trainee'))).toEqual(bytesOf(state));
  });

  it('are asked for before a model is used', async () => {
    using session = await tinySession();
    await session.setImages('cleanTest', imageSetOf(await tensorsOf('tiny_batch.pt')));
    const error = await errorOf(session.evaluate('trainee', 8), 'ERR_CHECKPOINT');
    expect(error.message).toContain('no');
    expect(error.message).toContain('loadStateDict');
  });

  it('keep the int64 counters of batch norm', async () => {
    using session = await loadedSession();
    const name = 'layer1.0.bn1.num_batches_tracked';
    const loaded = integersOf(await tensorsOf('tiny_trainee.pt'), name);
    expect(loaded[0]).toBeGreaterThan(0);
    expect(integersOf(await session.exportStateDict(), name)).toEqual(loaded);
  });
});
