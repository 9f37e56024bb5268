import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {localPath} from '../../../lib/base/path_exists.js';
import {checkTensors, type StateDict} from '../../../lib/checkpoint/tensor.js';
import {writeTorchFile} from '../../../lib/checkpoint/torch_zip_writer.js';
import {parseDefendConfig} from '../../../lib/options/config.js';
import {
  readAttackCheckpoint,
  writeAttackCheckpoint,
} from '../../../lib/records/attack_checkpoint.js';
import {RECORD} from '../../../lib/records/layout.js';
import {readRun} from '../../../lib/records/run.js';
import {type CheckpointToWrite, writeCheckpoint} from '../../../lib/records/write_checkpoint.js';
import {startRun} from '../../../lib/run/run.js';
import {Session} from '../../../lib/session/session.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const circular: unknown[] = [];
circular.push(circular);
const data = new Uint8Array(4);

/** As a program without types passes it. */
const any = <T>(value: unknown): T => value as T;

describe('a value of a type that was not expected', () => {
  it.each([
    ['a list that holds itself', circular, 'a list of 1'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['a list of bigints', [1n], 'a list of 1'],
  ])('is named where it is an option: %s', (_, rounds, received) => {
    const given = any<Parameters<typeof parseDefendConfig>[0]>({ckpt: 'a.pt', rounds});
    expect(() => parseDefendConfig(given)).toThrow(
      `Expected integer > 0 for rounds but received ${received}`,
    );
  });

  it.each([
    [
      'no shape',
      new Map([['a', {dtype: 'float32', data}]]),
      "the shape of 'a' but received undefined",
    ],
    ['a text as shape', new Map([['a', {dtype: 'float32', shape: 'ab', data}]]), 'received String'],
    ['a size below 0', new Map([['a', {dtype: 'float32', shape: [-1], data}]]), 'received Array'],
    ['no tensor', new Map([['a', null]]), "the tensor 'a' but received null"],
    ['a symbol as name', new Map([[Symbol('a'), {}]]), 'received Symbol'],
  ])('is ERR_CONFIG in a state dict: %s', async (_, state, words) => {
    const check = async (): Promise<void> => checkTensors(any<StateDict>(state));
    expect((await errorOf(check(), 'ERR_CONFIG')).message).toContain(words);
  });

  it.each([
    ['a path', false, undefined, 'received Boolean'],
    ['a checkpoint', 'a.pt', undefined, 'the checkpoint but received undefined'],
    ['the name of a model', 'a.pt', {stateDict: new Map(), numClasses: 2}, 'for modelName'],
    ['a number of classes', 'a.pt', {stateDict: new Map(), modelName: 'm'}, 'for numClasses'],
  ])('is ERR_CONFIG in the place of %s that is written', async (_, path, checkpoint, words) => {
    const writing = writeCheckpoint(any<string>(path), any<CheckpointToWrite>(checkpoint));
    expect((await errorOf(writing, 'ERR_CONFIG')).message).toContain(words);
  });

  it('is ERR_CONFIG in the place of a path', async () => {
    await errorOf(readRun(any<string>(undefined)), 'ERR_CONFIG');
    expect(() => localPath(any<string>(Symbol('x')))).toThrow('but received Symbol');
    expect(() => localPath(new URL('https://a.example/b'))).toThrow('https://a.example/b');
    expect(localPath(new URL('file:///a/b'))).toBe('/a/b');
  });

  it('is ERR_CONFIG in the place of the options of a run and of a training', async () => {
    const {message} = await errorOf(
      startRun(any<object>(null), async () => 1),
      'ERR_CONFIG',
    );
    expect(message).toContain('the options of a run but received null');
    const session = new Session(any({cancel: () => undefined}), 'cpu', 'fp32');
    for (const wrong of [
      session.train(any(undefined)),
      session.train(any({epochs: 1}), any(null)),
      session.trainAttack(any(null), any(null)),
      session.defend(any(null)),
    ]) {
      await errorOf(wrong, 'ERR_CONFIG');
    }
  });

  it('may be what onProgress throws, and is what the run rejects with', async () => {
    const run = startRun<number, {onProgress: () => void}>(
      {
        onProgress: () => {
          throw undefined;
        },
      },
      async ({onProgress, signal}) => {
        onProgress({kind: 'stage', message: 'a'});
        signal.throwIfAborted();
        return 1;
      },
    );
    await expect(
      run.then(
        () => 'resolved',
        (error: unknown) => error,
      ),
    ).resolves.toBeUndefined();
  });
});

describe('the checkpoint of an interrupted attack', () => {
  it.each([
    ['identity', 'null'],
    ['identity', '[]'],
    ['identity', '{'],
    ['epochs', 'null'],
    ['epochs', '{"figures":null}'],
    ['epochs', 'no'],
  ])('is ERR_CHECKPOINT where its %s are %s', async (key, text) => {
    const record = await temporaryFolder();
    const tensors = new Map([['a', {dtype: 'float32', shape: [1], data} as const]]);
    await writeAttackCheckpoint(record, {
      ...{stateDict: tensors, training: tensors, epochs: [], identity: {}},
    });
    await readAttackCheckpoint(record, {});
    const {PickledTensor} = await import('../../../lib/checkpoint/pickle_writer.js');
    const pickled = new Map([['a', new PickledTensor({dtype: 'float32', shape: [1], data})]]);
    await writeTorchFile(
      join(record, RECORD.checkpoint),
      new Map<string, never>([
        ...any<[string, never][]>([
          ['epoch_num_when_save', 0],
          ['model_state_dict', pickled],
          ['training_state_dict', pickled],
          ['identity', key === 'identity' ? text : '{}'],
          ['epochs', key === 'epochs' ? [text] : []],
        ]),
      ]),
    );
    const {message} = await errorOf(readAttackCheckpoint(record, {}), 'ERR_CHECKPOINT');
    expect(message).toMatch(/its (identity is no map|epochs are those)/);
  });
});
