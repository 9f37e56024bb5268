import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {
  bareEnvironment,
  copyClone,
  makePrebuilds,
  pinnedLibTorch,
  run,
  tryRun,
} from '../support/prebuilt_package.js';

const libtorch = await pinnedLibTorch();
/** As in test/native/record.test.ts: SAU_TEST_DATA holds CIFAR-10 and, unless SAU_TEST_RECORD names it, the record. */
const data = process.env.SAU_TEST_DATA ?? '';
const cifar = existsSync(join(data, 'cifar')) ? join(data, 'cifar') : data;
const record = process.env.SAU_TEST_RECORD ?? join(data, 'record', 'badnet_demo');
const hasRecord = data !== '' && existsSync(cifar) && existsSync(record);

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/;
const MEGABYTE = 1e6;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly {readonly path: string; readonly mode: number}[];
}

/** npm may leave empty folders. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => !entry.isDirectory())
    .map(({name}) => name);

describe.skipIf(!IS_BUILT || libtorch === null)('the tarball', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-package-'));
  const clone = join(folder, 'clone');
  const project = join(folder, 'project');
  let env: Record<string, string>;
  let packed: Packed;
  /** Why nothing was installed: npm reaches no registry for the dependencies. */
  let offline: string | null = null;

  const pack = () => tryRun('npm', ['pack', '--json'], clone, process.env);
  const node = (script: string): string => run('node', ['-e', script], project, env).trim();
  const sau = (...args: string[]) =>
    tryRun(join(project, 'node_modules/.bin/sau-native'), args, project, env);

  beforeAll(() => {
    if (libtorch === null) return;
    env = bareEnvironment(folder, libtorch);
    copyClone(clone);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private": true}');
  }, 120_000);
  afterAll(() => rmSync(folder, {recursive: true}));

  it('is not made without prebuilt binaries, and npm says what to run', () => {
    const {status, stdout, stderr} = pack();
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(
      /Expected prebuilt binaries for the package but .* has no .*sau_core\.so.*Run `npm run prebuilds`/,
    );
    expect(readdirSync(clone).filter((name) => name.endsWith('.tgz'))).toEqual([]);
  });

  it('is below 5 MB', () => {
    makePrebuilds(clone);
    const {status, stdout, stderr} = pack();
    expect(status, stderr).toBe(0);
    packed = JSON.parse(stdout)[0];
    const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(2)} MB`;
    console.log(`tarball: ${megabytes(packed.size)}, unpacked ${megabytes(packed.unpackedSize)}`);
    expect(packed.size).toBeLessThan(5 * MEGABYTE);
  }, 900_000);

  it('holds what the package needs and nothing else', () => {
    const paths = packed.files.map(({path}) => path);
    const needed = [
      'LICENSE',
      'README.md',
      'package.json',
      'libtorch.json',
      'dist/bin/sau-native.js',
      'dist/lib/index.js',
      'dist/lib/index.mjs',
      'dist/lib/index.d.ts',
      'dist/lib/index.d.mts',
      'dist/lib/native/probe.js',
      'prebuilds/linux-x64/sau-native.glibc.node',
      'prebuilds/linux-x64/sau_core.so',
      'prebuilds/linux-x64/sau_build.json',
    ];
    expect(needed.filter((path) => !paths.includes(path))).toEqual([]);
    const welcome = [
      /^(LICENSE|README\.md|CHANGELOG\.md|SECURITY\.md|package\.json|libtorch\.json)$/,
      /^dist\/(lib|bin)\/[\w/-]+(\.js|\.mjs|\.d\.ts|\.d\.mts)$/,
      /^docs\/(?!demo-)([\w-]+\.(md|svg)|Dockerfile)$/,
      /^schemas\/[\w-]+\.schema\.json$/,
      /^prebuilds\/linux-x64\/(sau-native\.glibc\.node|sau_core\.so|sau_cuda\.so|sau_build\.json)$/,
    ];
    const strangers = paths.filter((path) => !welcome.some((pattern) => pattern.test(path)));
    expect(strangers).toEqual([]);
    // Each program has its source here: nothing is left over from an earlier build.
    const orphans = paths
      .filter((path) => /^dist\/.*(?<!\.d)\.m?js$/.test(path))
      .map((path) => path.slice('dist/'.length).replace(/\.(m?)js$/, '.$1ts'))
      .filter((source) => !existsSync(join(ROOT, source)));
    expect(orphans).toEqual([]);
  });

  it('holds no pointer to a source map, and runs nothing when it is installed', () => {
    const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
    expect(manifest.private).toBeUndefined();
    expect(manifest.gypfile).toBe(false);
    for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(manifest.scripts).not.toHaveProperty(hook);
    }
    const index = readFileSync(join(clone, 'dist/lib/index.js'), 'utf8');
    expect(index).not.toContain('sourceMappingURL');
  });

  it('is installed without scripts, compiler, cmake or shell', (context) => {
    const {status, stderr} = tryRun(
      'npm',
      ['install', '--ignore-scripts', '--prefer-offline', join(clone, packed.filename)],
      project,
      env,
    );
    if (status !== 0 && UNREACHABLE.test(stderr)) {
      offline = `npm reaches no registry: ${UNREACHABLE.exec(stderr)?.[0]}`;
      context.skip(offline);
    }
    expect(status, stderr).toBe(0);
    expect(existsSync(join(project, 'node_modules/sau-native/prebuilds/linux-x64'))).toBe(true);
  }, 300_000);

  it('gives the same functions to require and to import', (context) => {
    if (offline !== null) context.skip(offline);
    const script = `
      const required = require('sau-native');
      import('sau-native').then((imported) => {
        const names = Object.keys(required);
        console.log(names.length > 10 && names.every((name) => required[name] === imported[name]));
      });`;
    expect(node(script)).toBe('true');
  });

  it('doctor finds its prebuilt binaries and LibTorch, and no problem', (context) => {
    if (offline !== null) context.skip(offline);
    const {status, stdout, stderr} = sau('doctor', '--json');
    expect(status, stderr + stdout).toBe(0);
    const report = JSON.parse(stdout);
    const inside = expect.stringContaining('node_modules/sau-native/prebuilds/linux-x64/');
    expect(report.addon).toMatchObject({loader: inside, core: inside});
    expect(report.libtorch.root).toBe(libtorch?.root);
    expect(report.devices.libtorchVersion).toBe(libtorch?.version);
    expect(report.problems).toEqual([]);
  });

  it('the smallest demo plants a backdoor and purifies', (context) => {
    if (offline !== null) context.skip(offline);
    const {status, stdout, stderr} = sau(
      ...['demo', '--out', 'demo', '--json', '--quiet', '--device', 'cpu', '--threads', '1'],
      ...['--train-per-class', '8', '--test-per-class', '4', '--size', '16'],
      ...['--epochs', '1', '--rounds', '1'],
    );
    expect(status, stderr).toBe(0);
    const {files} = JSON.parse(stdout);
    for (const name of ['checkpoint', 'curves', 'strip']) {
      expect(statSync(files[name]).size, name).toBeGreaterThan(1000);
    }
  });

  it('defend purifies one batch of the real record (SAU_TEST_DATA, SAU_TEST_RECORD)', (context) => {
    if (offline !== null) context.skip(offline);
    if (!hasRecord) context.skip('no record');
    const {status, stdout, stderr} = sau(
      ...['defend', '--ckpt', record, '--data', cifar, '--out', 'purified', '--json', '--quiet'],
      ...['--clean', '64', '--batch-size', '64', '--rounds', '1', '--test-limit', '50'],
      ...['--device', 'cpu', '--threads', '1'],
    );
    expect(status, stderr).toBe(0);
    const {before, after} = JSON.parse(stdout);
    expect(before.asr).toBeGreaterThan(0.8);
    expect(after.cleanLoss).toEqual(expect.any(Number));
    expect(existsSync(join(project, 'purified/defense_result.pt'))).toBe(true);
  }, 600_000);

  it('is gone after npm uninstall, and nothing was written to the home folder', (context) => {
    if (offline !== null) context.skip(offline);
    run('npm', ['uninstall', '--ignore-scripts', 'sau-native'], project, env);
    expect(filesBelow(join(project, 'node_modules'))).toEqual(['.package-lock.json']);
    // The cache holds what `setup` fetched and nothing was fetched here.
    expect(readdirSync(join(folder, 'home'))).toEqual([]);
  });
});
