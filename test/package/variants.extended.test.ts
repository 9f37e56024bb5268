import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {readLibTorch} from '../../lib/native/libtorch.js';
import {relativeL2} from '../support/closeness.js';
import {facts, NATIVE_FIXTURES} from '../support/oracle.js';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {makePrebuilds, pinnedLibTorch} from '../support/prebuilt_package.js';
import {PGD, sauOptions, UNLEARN} from '../support/sessions.js';

const cpu = await pinnedLibTorch();
/** A folder with a CUDA build of the pinned LibTorch, that is a wheel unpacked with NVIDIA's libraries beside it. */
const chosen = process.env.SAU_TEST_CUDA_LIBTORCH ?? '';
const cuda = chosen === '' ? null : readLibTorch(chosen, 'SAU_TEST_CUDA_LIBTORCH');

/** Two rounds of unlearning a tiny model on the CPU; prints what LibTorch is and all that was learned. */
const TINY_UNLEARN = `
  const {createSession, deviceInfo, readCheckpoint} = require('${ROOT}/dist/lib/index.js');
  const {facts, job, fixtures} = JSON.parse(process.env.JOB);
  const count = 12, side = 16;
  const labels = Int32Array.from({length: count}, (_, i) => i % facts.num_classes);
  const images = Uint8Array.from({length: count * 3 * side * side}, (_, i) => (i * 37) % 251);
  const set = {
    ...{images, labels, trueLabels: labels, count, height: side, width: side},
    originalIndices: Int32Array.from(labels.keys()),
  };
  (async () => {
    const session = await createSession({
      ...{device: 'cpu', seed: 0, threads: 1, numClasses: facts.num_classes},
      ...{model: facts.model, mean: facts.mean, std: facts.std},
    });
    for (const role of ['trainee', 'reference']) {
      const {stateDict} = await readCheckpoint(fixtures + '/tiny_' + role + '.pt');
      await session.loadStateDict(stateDict, role);
    }
    await session.setImages('cleanSubset', set);
    await session.defend({...job, options: {...job.options, batchOrder: new Int32Array(0)}});
    const state = await session.exportStateDict();
    const floats = [...state.values()].filter(({dtype}) => dtype === 'float32');
    const learnt = Buffer.concat(floats.map(({data}) => data)).toString('base64');
    session.dispose();
    console.log(JSON.stringify({info: await deviceInfo(), learnt}));
  })();`;

/** Asks for LibTorch; prints the error and which of its libraries the process has. */
const REFUSED = `
  const {deviceInfo} = require('${ROOT}/dist/lib/index.js');
  deviceInfo().then(
    () => console.log('loaded'),
    ({code, message, details}) => {
      const {sharedObjects} = process.report.getReport();
      const opened = sharedObjects.filter((path) => /torch|libc10|sau_c/.test(path));
      console.log(JSON.stringify({code, message, details, opened}));
    });`;

/** LibTorch in the main thread, then another and the same one in workers. */
const SECOND = `
  const {Worker, isMainThread, parentPort} = require('node:worker_threads');
  const {deviceInfo} = require('${ROOT}/dist/lib/index.js');
  const ask = () => deviceInfo().then(() => ({code: 'loaded'}), ({code, message}) => ({code, message}));
  const inWorker = (env) => new Promise((resolve, reject) => {
    const worker = new Worker(process.env.SCRIPT, {eval: true, env: {...process.env, ...env}});
    worker.on('message', resolve).on('error', reject);
  });
  if (isMainThread) (async () => {
    const second = process.env.SECOND_LIBTORCH;
    console.log(JSON.stringify([
      await ask(),
      await inWorker({SAU_NATIVE_LIBTORCH: second}),
      await inWorker({}),
    ]));
  })(); else ask().then((answer) => parentPort.postMessage(answer));`;

describe.skipIf(!IS_BUILT || cpu === null)('one prebuilt binary', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-variants-'));
  const binaries = join(folder, 'prebuilds', 'linux-x64');
  beforeAll(() => makePrebuilds(folder), 900_000);
  afterAll(() => rmSync(folder, {recursive: true}));

  /** node-gyp-build looks in SAU_NATIVE_PREBUILD before the package: the prebuilt binaries, not build/Release. */
  const node = (script: string, libtorch: string, env: Record<string, string> = {}) => {
    const choice = {SAU_NATIVE_PREBUILD: folder, SAU_NATIVE_LIBTORCH: libtorch};
    const job = JSON.stringify({
      facts,
      job: sauOptions({...UNLEARN, pgd: PGD}),
      fixtures: NATIVE_FIXTURES,
    });
    const stdout = execFileSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      env: {...process.env, LIBTORCH_BYPASS_VERSION_CHECK: '', JOB: job, ...choice, ...env},
    });
    return JSON.parse(stdout);
  };
  /** A LibTorch of this version whose libraries are empty files: opening one would fail with the linker's words. */
  const fake = (version: string) => {
    const root = join(folder, `fake-${version}`);
    mkdirSync(join(root, 'lib'), {recursive: true});
    for (const name of ['libc10', 'libtorch_cpu', 'libtorch_cuda', 'libc10_cuda', 'libtorch'])
      writeFileSync(join(root, 'lib', `${name}.so`), '');
    writeFileSync(join(root, 'version.py'), `__version__ = '${version}'\ncuda = '13.0'\n`);
    return root;
  };

  it('runs a job with the LibTorch that it was built for', () => {
    const {info, learnt} = node(TINY_UNLEARN, cpu?.root ?? '');
    expect(info.libtorchVersion).toBe(cpu?.version);
    expect(Buffer.from(learnt, 'base64').length).toBeGreaterThan(10_000);
  });

  it.skipIf(cuda === null)(
    'runs the same job to the same weights with a CUDA build (SAU_TEST_CUDA_LIBTORCH)',
    () => {
      expect(cuda?.version).toBe(cpu?.version);
      expect(cuda?.cuda).not.toBeNull();
      const checksum = () =>
        ['sau-native.glibc.node', 'sau_core.so'].map((name) =>
          createHash('sha256')
            .update(readFileSync(join(binaries, name)))
            .digest('hex'),
        );
      const before = checksum();
      const [onCpu, onCuda] = [cpu, cuda].map((variant) => node(TINY_UNLEARN, variant?.root ?? ''));
      expect(checksum()).toEqual(before);
      expect(onCpu.info.cudaBuilt).toBe(cpu?.cuda !== null);
      expect(onCuda.info).toMatchObject({
        cudaBuilt: true,
        // The CUDA part is there where the binaries were made with a CUDA build.
        cudaLibrary: existsSync(join(binaries, 'sau_cuda.so')),
      });
      const [a, b] = [onCpu, onCuda].map(({learnt}) => {
        const bytes = Uint8Array.from(Buffer.from(learnt, 'base64'));
        return new Float32Array(bytes.buffer);
      }) as [Float32Array, Float32Array];
      console.log('weights equal in every bit:', onCpu.learnt === onCuda.learnt);
      expect(a.length).toBe(b.length);
      expect(relativeL2(b, a)).toBeLessThan(1e-6);
    },
  );

  it.each(['2.5.1', '2.14.1'])('refuses LibTorch %s before anything is opened', (version) => {
    const root = fake(version);
    const {code, message, details, opened} = node(REFUSED, root);
    expect(code).toBe('ERR_LIBTORCH_VERSION');
    expect(message).toContain(
      `Expected LibTorch ${cpu?.version} but found ${version} in ${root} (SAU_NATIVE_LIBTORCH)`,
    );
    expect(details).toEqual({
      ...{expected: cpu?.version, found: version},
      ...{path: root, source: 'SAU_NATIVE_LIBTORCH'},
    });
    expect(opened).toEqual([]);
  });

  it('does not open a second LibTorch in a process that has one, in no thread of it', () => {
    const second = fake(cpu?.version ?? '');
    const env = {SCRIPT: SECOND, SECOND_LIBTORCH: second};
    const [main, other, same] = node(SECOND, cpu?.root ?? '', env);
    expect(main).toEqual({code: 'loaded'});
    expect(other.code).toBe('ERR_LIBTORCH_VERSION');
    expect(other.message).toMatch(
      /Expected LibTorch's .*libc10\.so, which this process has opened/,
    );
    expect(other.message).toContain(`received ${second}/lib/libc10.so`);
    expect(same).toEqual({code: 'loaded'});
  });
});
