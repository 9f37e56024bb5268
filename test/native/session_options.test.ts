import {describe, expect, it} from 'vitest';
import {SauError} from '../../lib/base/errors.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {createSession, deviceInfo} from '../../lib/session/open_session.js';
import {errorOf} from '../support/error_of.js';
import {facts, imageSetOf, range, tensorsOf} from '../support/oracle.js';
import {
  PGD,
  roundsSession,
  sauOptions,
  tinySession,
  UNLEARN,
  type Unlearning,
} from '../support/sessions.js';

describe('the arguments of a call', () => {
  it.each([
    ['options', {rounds: undefined}, 'rounds as a number'],
    ['options', {rounds: 1.5}, 'rounds as an integer'],
    ['options', {batchSize: Number.NaN}, 'batchSize as an integer'],
    ['options', {pgd: undefined}, 'pgd as an object'],
    ['options', {pgd: {...PGD, normBound: '0.2'}}, 'normBound as a number'],
    ['options', {pgd: {...PGD, init: 'middle'}}, "'middle'"],
    ['options', {loss: {...UNLEARN.loss, trainMode: 0}}, 'trainMode as a boolean'],
    ['options', {optimizer: {...UNLEARN.optimizer, optimizer: 'lion'}}, "'lion'"],
    ['options', {batchOrder: [0, 1]}, 'an Int32Array'],
    ['options', {batchOrder: new Float32Array(28)}, 'an Int32Array'],
  ])('are refused by name: %s %o', async (_, wrong, words) => {
    using session = await roundsSession();
    const options = {...UNLEARN, ...wrong} as Unlearning;
    expect((await errorOf(session.defend(sauOptions(options)), 'ERR_CONFIG')).message).toContain(
      words,
    );
    expect(session.busy).toBe(false);
  });

  it.each([
    ['images', new Uint16Array(14 * 768), 'Uint8Array'],
    ['labels', new Float32Array(14), 'Int32Array'],
    ['trueLabels', undefined, 'trueLabels'],
    ['count', undefined, 'count'],
  ])('are refused where %s is of another type', async (field, value, words) => {
    using session = await tinySession();
    const set = imageSetOf(await tensorsOf('rounds.pt'));
    const wrong = {...set, [field]: value} as ImageSet;
    const call = session.setImages('cleanSubset', {...wrong, originalIndices: range(14)});
    expect((await errorOf(call, 'ERR_CONFIG')).message).toContain(words);
  });

  it.each([
    ['outerSteps', {outerSteps: 0}],
    ['batchSize', {batchSize: 0}],
    ['batchSize', {batchSize: -4}],
  ])('fail without a crash where %s makes no sense', async (_, wrong) => {
    using session = await roundsSession();
    const outcome = await session
      .defend(sauOptions({...UNLEARN, ...wrong}))
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(SauError);
    expect(await session.predict('trainee', 'cleanSubset')).toHaveLength(14);
  });
});

describe('a session', () => {
  it('refuses an unknown model by name', async () => {
    using session = await tinySession({model: 'resnet49'});
    const error = await errorOf(session.initialize(), 'ERR_CONFIG');
    expect(error.message).toContain("'resnet49'");
  });

  it('refuses an unknown device by name', async () => {
    await errorOf(
      (async () => {
        using session = await tinySession({device: 'tpu'});
        await session.initialize();
      })(),
      'ERR_DEVICE',
    );
  });

  it('refuses options without a seed', async () => {
    const {model, num_classes: numClasses, mean, std} = facts;
    const options = {device: 'cpu', threads: 1, model, numClasses, mean, std};
    const error = await errorOf(
      createSession(options as unknown as Parameters<typeof createSession>[0]),
      'ERR_CONFIG',
    );
    expect(error.message).toContain('seed');
  });

  it('runs on the CPU where device is auto and there is no GPU, else on the first GPU', async () => {
    const {cudaAvailable} = await deviceInfo();
    using session = await tinySession({device: 'auto'});
    expect(session.device).toBe(cudaAvailable ? 'cuda:0' : 'cpu');
  });

  it('says what to do where a GPU is asked for and there is none', async ({skip}) => {
    if ((await deviceInfo()).cudaAvailable) skip('there is a GPU');
    const error = await errorOf(tinySession({device: 'cuda'}), 'ERR_DEVICE');
    expect(error.message).toContain('set device to cpu');
  });
});
