import {appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {thisPlatform} from '../../lib/native/platforms.js';
import {compareVersions} from '../../lib/setup/pins.js';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {
  checkPrebuilds,
  makePrebuilds,
  type PrebuildReport,
  pinnedLibTorch,
  tryRun,
} from '../support/prebuilt_package.js';

const {floors: FLOORS}: {floors: Readonly<Record<string, string>>} = JSON.parse(
  readFileSync(join(ROOT, 'scripts/prebuild/limits.json'), 'utf8'),
);

const libtorch = await pinnedLibTorch();

describe.skipIf(!IS_BUILT || libtorch === null)('the prebuilt binaries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-prebuilds-'));
  const {tuple, addon, dynamicLinker, elfMachine} = thisPlatform();
  const prebuilds = join(folder, 'prebuilds', tuple);
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
      expect.arrayContaining([addon.loader, addon.core]),
    );
    for (const {name} of report.binaries) {
      expect(readFileSync(join(prebuilds, name)).includes('.symtab')).toBe(false);
    }
  });

  it('need of LibTorch its CPU libraries alone, and the loader none', () => {
    // Parts of libc from glibc 2.34 on, of which older systems have the functions.
    const isOldPart = (library: string) => /^lib(dl|pthread)\.so/.test(library);
    const needed = (name: string) =>
      report.binaries
        .find((binary) => binary.name === name)
        ?.needed.filter((library) => !isOldPart(library));
    expect(needed(addon.loader)).toEqual([
      'libstdc++.so.6',
      'libm.so.6',
      'libgcc_s.so.1',
      'libc.so.6',
    ]);
    expect(needed(addon.core)).toEqual([
      'libtorch_cpu.so',
      'libc10.so',
      'libstdc++.so.6',
      'libm.so.6',
      'libgcc_s.so.1',
      'libc.so.6',
      dynamicLinker, // thread-local storage
    ]);
    for (const {rpath} of report.binaries) expect(rpath).toEqual([]);
  });

  it('need no newer glibc and libstdc++ than LibTorch itself, whatever they were built on', () => {
    console.log('prebuilt binaries:', report.floors, 'LibTorch:', FLOORS);
    expect(FLOORS.GLIBC).toBe('2.28');
    expect(Object.keys(report.floors).sort()).toEqual(Object.keys(FLOORS).sort());
    for (const [family, version] of Object.entries(report.floors)) {
      expect(compareVersions(version, FLOORS[family] ?? ''), family).toBeLessThanOrEqual(0);
    }
  });

  it('agree with what readelf says of them', (context) => {
    const elf = tryRun('readelf', ['-dVW', join(prebuilds, addon.core)], folder, process.env);
    if (elf.error !== undefined) context.skip('no readelf');
    const needed = [...elf.stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
    const core = report.binaries.find(({name}) => name === addon.core);
    expect(core?.needed).toEqual(needed);
    expect(core?.machine).toBe(elfMachine);
    const glibc = [...elf.stdout.matchAll(/GLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
    expect(report.floors.GLIBC).toBe(`2.${Math.max(...glibc)}`);
  });

  it('are refused when one is missing, of another LibTorch, of other sources or a stranger', () => {
    const damaged = join(folder, 'damaged');
    const problemsAfter = (damage: (binaries: string) => void) => {
      rmSync(damaged, {recursive: true, force: true});
      cpSync(prebuilds, join(damaged, 'prebuilds', tuple), {recursive: true});
      damage(join(damaged, 'prebuilds', tuple));
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
    const patch = (name: string, change: (file: Buffer) => void) => (at: string) => {
      const file = readFileSync(join(at, name));
      change(file);
      rmSync(join(at, name)); // else the file that was copied from may change too
      appendFileSync(join(at, name), file);
    };
    expect(
      problemsAfter(
        patch(addon.core, (file) => file.write('GLIBC_2.99\0', file.indexOf('GLIBC_2.14\0'))),
      ),
    ).toMatch(/sau_core\.so asks for memcpy of GLIBC_2\.99, above 2\.28/);
    expect(problemsAfter(patch(addon.core, (file) => file.writeUInt16LE(8, 18)))).toMatch(
      /sau_core\.so is for another processor \(ELF machine 8\)/,
    );
  });

  it('must have a CUDA part before they are published', () => {
    const {problems} = checkPrebuilds(folder, '--release');
    const hasCuda = report.binaries.some(({name}) => name === addon.cuda);
    if (hasCuda) expect(problems).toEqual([]);
    else expect(problems.join()).toMatch(/has no sau_cuda\.so/);
  });
});
