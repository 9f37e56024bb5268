import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {ERROR_CODES, type SauErrorCode} from '../../lib/base/errors.js';
import type {ImageSet, SauOptions, Session, SessionOptions} from '../../lib/index.js';
import {runConfined} from '../../lib/sandbox/kernel.js';
import {ENTRY, FIXTURES, IS_BUILT, ROOT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';

const HALF = [0.5, 0.5, 0.5];
const OPTIONS: SessionOptions = {
  ...{device: 'cpu', seed: 0, threads: 1, model: 'preactresnet18_w8', numClasses: 10},
  ...{mean: HALF, std: HALF},
};
const ANY_SHA256 = '0'.repeat(64);
const COUNT = 8;
const SIZE = 16;
const ROUNDS = {method: 'sau' as const, rounds: 1, evalEvery: 0, evalBatchSize: 8};
const SAU: SauOptions = {
  ...{batchSize: 4, outerSteps: 1},
  pgd: {
    ...{norm: 'L_inf', normBound: 0.2, stepSize: 0.2, steps: 1, init: 'max', beta1: 0.01, beta2: 1},
  },
  loss: {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false},
  optimizer: {
    ...{optimizer: 'sgd', learningRate: 1e-3, weightDecay: 0, momentum: 0, nesterov: false},
    ...{adamBeta1: 0.9, adamBeta2: 0.999},
  },
  batchOrder: new Int32Array(0),
};

function imageSet(label: number): ImageSet {
  const labels = new Int32Array(COUNT).fill(label);
  return {
    images: new Uint8Array(COUNT * 3 * SIZE * SIZE).map((_, i) => (i * 31) % 256),
    ...{labels, trueLabels: labels, originalIndices: labels},
    ...{count: COUNT, height: SIZE, width: SIZE},
  };
}

async function readySession(): Promise<Session> {
  const session = await builtPackage().createSession(OPTIONS);
  await session.initialize();
  await session.setImages('cleanSubset', imageSet(1));
  return session;
}

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const resolved = Symbol('resolved');
  const outcome = await promise.then(
    () => resolved,
    (error: unknown) => error,
  );
  if (outcome === resolved) throw new Error('Expected an error but the call resolved');
  return outcome;
}

/** What a script of `sau`, the package, rejects with in a process of its own. */
function rejectionInChild(
  script: string,
  {env = {}, memoryKib = 0}: {env?: Record<string, string>; memoryKib?: number} = {},
): unknown {
  const body = `const sau = require(${JSON.stringify(ENTRY)});
    (async () => { ${script} })().then(
      () => console.log(JSON.stringify({code: 'none'})),
      (error) => console.log(JSON.stringify({code: error.code, message: error.message})));`;
  const limit = memoryKib > 0 ? `ulimit -v ${memoryKib} && ` : '';
  const {LIBTORCH: _, LIBTORCH_BYPASS_VERSION_CHECK: __, ...rest} = process.env;
  const {stdout, stderr} = spawnSync(
    'sh',
    ['-c', `${limit}exec "$0" -e "$1"`, process.execPath, body],
    {
      encoding: 'utf8',
      env: {...rest, ...env},
    },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** One image of 2048 x 2048 through 64 channels: 1 GiB for the first layer alone. A small one fits. */
const HUGE = `
  const options = ${JSON.stringify({...OPTIONS, model: 'preactresnet18_w64'})};
  const session = await sau.createSession(options);
  await session.initialize();
  const label = new Int32Array(1);
  const one = (side) => session.setImages('train', {images: new Uint8Array(3 * side * side), labels: label,
    trueLabels: label, originalIndices: label, count: 1, height: side, width: side});
  await one(2048);
  const error = await session.predict('trainee', 'train').catch((error) => error);
  await one(32);
  await session.predict('trainee', 'train');
  throw error;`;

describe.skipIf(!IS_BUILT)('the error code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-codes-'));
  const file = (name: string): string => join(folder, name);

  beforeAll(() => {
    mkdirSync(file('empty'));
    mkdirSync(join(file('other'), 'lib'), {recursive: true});
    writeFileSync(join(file('other'), 'lib', 'libtorch_cpu.so'), '');
    writeFileSync(join(file('other'), 'version.py'), "__version__ = '2.5.1+cpu'\n");
    writeFileSync(file('text.zip'), 'no archive');
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  const setup = (options: object): unknown =>
    rejectionInChild(`await sau.setup(${JSON.stringify(options)})`, {
      env: {SAU_NATIVE_CACHE: file('cache')},
    });

  /** A row for every code: a new one does not compile, and fails, until it is provoked here. */
  const provoke: Record<SauErrorCode, () => unknown> = {
    ERR_CONFIG: () => rejection(builtPackage().defend({ckpt: 'model.pt', rounds: 0})),
    ERR_DATASET: async () => {
      using session = await readySession();
      return await rejection(session.setImages('train', imageSet(10)));
    },
    ERR_CHECKPOINT: () => rejection(builtPackage().readCheckpoint(file('absent.pt'))),
    ERR_PROGRAM: () =>
      rejection(builtPackage().readProgram(join(FIXTURES, 'programs/static_batch.pt2'))),
    ERR_UNSAFE_PICKLE: () =>
      rejection(builtPackage().readCheckpoint(join(FIXTURES, 'checkpoint/malicious.pt'))),
    ERR_OUTPUT: () => {
      const path = join(file('other'), 'version.py', 'model.pt'); // below a file
      const model = {modelName: 'any', numClasses: 2, stateDict: new Map()};
      return rejection(builtPackage().writeCheckpoint(path, model));
    },
    ERR_LIBTORCH_NOT_FOUND: () =>
      rejectionInChild('await sau.deviceInfo()', {env: {SAU_NATIVE_LIBTORCH: file('empty')}}),
    ERR_LIBTORCH_VERSION: () =>
      rejectionInChild('await sau.deviceInfo()', {env: {SAU_NATIVE_LIBTORCH: file('other')}}),
    // Nothing listens on port 9 of this machine.
    ERR_DOWNLOAD: () => setup({from: 'http://127.0.0.1:9/libtorch.zip', sha256: ANY_SHA256}),
    ERR_CHECKSUM: () => setup({from: file('text.zip'), sha256: ANY_SHA256}),
    ERR_ARCHIVE: () => setup({from: file('text.zip')}),
    ERR_SANDBOX: () => {
      const nowhere = {file: file('nowhere'), arguments: [], environment: []};
      const enter = async () => runConfined({files: true, systemCalls: true, rules: []}, nowhere);
      return rejection(enter());
    },
    ERR_DEVICE: async () => {
      const open = async () => {
        using session = await builtPackage().createSession({...OPTIONS, device: 'cuda:99'});
        await session.initialize();
      };
      return await rejection(open());
    },
    ERR_OUT_OF_MEMORY: () => rejectionInChild(HUGE, {memoryKib: 2.5 * 1024 * 1024}),
    ERR_BUSY: async () => {
      using session = await readySession();
      const first = session.predict('trainee', 'cleanSubset');
      const error = await rejection(session.exportStateDict());
      await first;
      return error;
    },
    ERR_DISPOSED: async () => {
      const session = await readySession();
      session.dispose();
      return rejection(session.exportStateDict());
    },
    ERR_ABORTED: async () => {
      const session = await readySession();
      const run = session.defend({...ROUNDS, rounds: 1_000_000, options: SAU});
      for await (const _ of run) break; // it runs
      session.dispose();
      return rejection(run);
    },
    ERR_DIVERGED: async () => {
      using session = await readySession();
      const optimizer = {...SAU.optimizer, learningRate: 1e30};
      const options = {...SAU, optimizer};
      return await rejection(session.defend({...ROUNDS, rounds: 5, options}));
    },
    ERR_NATIVE: () =>
      rejectionInChild('await sau.deviceInfo()', {
        env: {SAU_NATIVE_LIBTORCH: file('other'), LIBTORCH_BYPASS_VERSION_CHECK: '1'},
      }),
  };

  it.each(ERROR_CODES)('%s is what its cause gives', async (code) => {
    const error = await provoke[code]();
    expect(error).toMatchObject({code, message: expect.stringMatching(/\w.{20}/)});
    if (code === 'ERR_OUT_OF_MEMORY')
      expect(error).toMatchObject({message: expect.stringContaining('Lower batchSize')});
  });

  it('names are the same here, in the built package and in its list', () => {
    expect(Object.keys(provoke)).toEqual([...ERROR_CODES]);
    expect(builtPackage().ERROR_CODES).toEqual(ERROR_CODES);
  });
});

it('the documentation has a section for each code, in order, with its exit code', async () => {
  const {exitCodeOf} = await import('../../bin/errors.js');
  const {SauError} = await import('../../lib/base/errors.js');
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const sections = text.split(/^## /m).slice(1);
  const documented = sections.map((section) => ({
    code: /^ERR_\w+/.exec(section)?.[0],
    exit: Number(/\(exit code (\d+)\)/.exec(section)?.[1]),
    hasCauses: /^\*\*Causes\.\*\* /m.test(section),
    hasRemedy: /^\*\*What to do\.\*\* /m.test(section),
  }));
  expect(documented).toEqual(
    ERROR_CODES.map((code) => ({
      code,
      exit: exitCodeOf(new SauError(code, '')),
      hasCauses: true,
      hasRemedy: true,
    })),
  );
});
