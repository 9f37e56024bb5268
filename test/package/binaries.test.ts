import {appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {
  checkPrebuilds,
  makePrebuilds,
  type PrebuildReport,
  pinnedLibTorch,
  tryRun,
} from '../support/prebuilt_package.js';

const LIMITS = JSON.parse(readFileSync(join(ROOT, 'scripts/prebuild/limits.json'), 'utf8'));

const libtorch = await pinnedLibTorch();

describe.skipIf(!IS_BUILT || libtorch === null)('the prebuilt binaries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-prebuilds-'));
  const prebuilds = join(folder, 'prebuilds', 'linux-x64');
  let report: PrebuildReport;
  beforeAll(() => {
    makePrebuilds(folder);
    report = checkPrebuilds(folder);
  }, 900_000);
  afterAll(() => rmSync(folder, {recursive: true}));

  it('are all there, for the pinned LibTorch, stripped, and nothing is wrong with them', () => {
    const {version} = JSON.parse(readFileSync(join(ROOT, 'libtorch.json'), 'utf8'));
    expect(report.problems).toEqual([]);
    expect(report.build.libtorch).toBe(version);
    // With a CUDA LibTorch there is sau_cuda.so too.
    expect(report.binaries.map(({name}) => name)).toEqual(
      expect.arrayContaining(['sau-native.glibc.node', 'sau_core.so']),
    );
    for (const {name} of report.binaries) {
      expect(readFileSync(join(prebuilds, name)).includes('.symtab')).toBe(false);
    }
  });

  it('need of LibTorch its CPU libraries alone, and the loader none', () => {
    // Parts of libc from glibc 2.34 on.
    const isOldPart = (library: string) => /^lib(dl|pthread)\.so/.test(library);
    const needed = (name: string) =>
      report.binaries
        .find((binary) => binary.name === name)
        ?.needed.filter((library) => !isOldPart(library));
    expect(needed('sau-native.glibc.node')).toEqual([
      'libstdc++.so.6',
      'libgcc_s.so.1',
      'libc.so.6',
    ]);
    expect(needed('sau_core.so')).toEqual([
      'libtorch_cpu.so',
      'libc10.so',
      'libstdc++.so.6',
      'libm.so.6',
      'libgcc_s.so.1',
      'libc.so.6',
      'ld-linux-x86-64.so.2', // thread-local storage
    ]);
    for (const {rpath} of report.binaries) expect(rpath).toEqual([]);
  });

  it('need no newer glibc and libstdc++ than the committed floors, which this prints', () => {
    console.log('prebuilt binaries:', report.floors, 'of a release at most:', LIMITS.release);
    expect(Object.keys(report.floors).sort()).toEqual(['CXXABI', 'GCC', 'GLIBC', 'GLIBCXX']);
    const minor = (version: string | undefined) => Number(version?.split('.').at(-1));
    expect(minor(report.floors.GLIBC)).toBeLessThanOrEqual(minor(LIMITS.reached.GLIBC));
    expect(minor(report.floors.GLIBCXX)).toBeLessThanOrEqual(minor(LIMITS.reached.GLIBCXX));
    expect(minor(report.floors.CXXABI)).toBeLessThanOrEqual(minor(LIMITS.reached.CXXABI));
  });

  it('agree with what readelf says of them', (context) => {
    const elf = tryRun('readelf', ['-dVW', join(prebuilds, 'sau_core.so')], folder, process.env);
    if (elf.error !== undefined) context.skip('no readelf');
    const needed = [...elf.stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
    const core = report.binaries.find(({name}) => name === 'sau_core.so');
    expect(core?.needed).toEqual(needed);
    const glibc = [...elf.stdout.matchAll(/GLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
    expect(report.floors.GLIBC).toBe(`2.${Math.max(...glibc)}`);
  });

  it('are refused when one is missing, of another LibTorch, of other sources or a stranger', () => {
    const damaged = join(folder, 'damaged');
    const problemsAfter = (damage: (binaries: string) => void) => {
      rmSync(damaged, {recursive: true, force: true});
      cpSync(prebuilds, join(damaged, 'prebuilds', 'linux-x64'), {recursive: true});
      damage(join(damaged, 'prebuilds', 'linux-x64'));
      return checkPrebuilds(damaged).problems.join('; ');
    };
    expect(problemsAfter((at) => rmSync(join(at, 'sau_core.so')))).toMatch(/has no sau_core\.so/);
    const description = (text: string) => (at: string) => {
      rmSync(join(at, 'sau_build.json'));
      appendFileSync(join(at, 'sau_build.json'), text);
    };
    expect(problemsAfter(description('{"libtorch": "2.5.1", "sources": "0"}'))).toMatch(
      /they are for LibTorch 2\.5\.1, not \d.*; they are of other C\+\+ sources than these/,
    );
    expect(
      problemsAfter((at) => cpSync(join(at, 'sau_core.so'), join(at, 'libtorch_cpu.so'))),
    ).toMatch(/libtorch_cpu\.so does not belong there/);
  });

  it("are held to LibTorch's own floors, and to a CUDA part, before they are published", () => {
    const {problems} = checkPrebuilds(folder, '--release');
    const hasCuda = report.binaries.some(({name}) => name === 'sau_cuda.so');
    const isHigh = Number(report.floors.GLIBC?.split('.')[1]) > 28;
    if (!hasCuda) expect(problems.join()).toMatch(/has no sau_cuda\.so/);
    else if (isHigh) expect(problems.join()).toMatch(/need GLIBC_2\.\d+, above 2\.28/);
    else expect(problems).toEqual([]);
  });
});
