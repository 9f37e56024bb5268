// What a folder of prebuilt binaries holds, and what is wrong with it.
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {pinnedVersion, root} from '../build_steps.mjs';
import {compareVersions, highestFloors, readElf} from './elf.mjs';

/** Where node-gyp-build looks for this machine's binaries, below prebuilds/. */
export const TUPLE = `${process.platform}-${process.arch}`;
/** The file that node-gyp-build loads. It is for glibc alone, so that other systems get "none found". */
export const LOADER = 'sau-native.glibc.node';
/** Says which LibTorch the binaries are for, and from which sources they were built. */
export const DESCRIPTION = 'sau_build.json';
const CUDA_PART = 'sau_cuda.so';
const SOURCES = ['CMakeLists.txt', 'libtorch.json', 'native'];

/** The highest versions that binaries may need, and the libraries that they may need. */
const limits = JSON.parse(readFileSync(join(import.meta.dirname, 'limits.json'), 'utf8'));

/** A checksum of all sources of the binaries, so that binaries of other sources are noticed. */
export function sourcesChecksum() {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap(filesBelow).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * The binaries in `folder`, what they need from the system, and their problems; without problems they can be
 * packed.
 */
export function inspectPrebuilds(folder, {isRelease}) {
  const missing = [LOADER, 'sau_core.so', DESCRIPTION, ...(isRelease ? [CUDA_PART] : [])].filter(
    (name) => !existsSync(join(folder, name)),
  );
  if (missing.length > 0) {
    return {binaries: [], floors: {}, problems: [`${folder} has no ${missing.join(', ')}`]};
  }
  const build = JSON.parse(readFileSync(join(folder, DESCRIPTION), 'utf8'));
  const binaries = readdirSync(folder)
    .filter((name) => name !== DESCRIPTION)
    .sort()
    .map((name) => ({name, ...inspectBinary(join(folder, name))}));
  const floors = highestFloors(binaries.map((binary) => binary.floors));
  const problems = [
    ...originProblems(build),
    ...binaries.flatMap(linkProblems),
    ...floorProblems(floors, isRelease ? limits.release : limits.reached),
  ];
  return {build, binaries, floors, problems};
}

function inspectBinary(path) {
  return {bytes: statSync(path).size, ...readElf(path)};
}

function originProblems({libtorch, sources}) {
  const problems = [];
  if (libtorch !== pinnedVersion())
    problems.push(`they are for LibTorch ${libtorch}, not ${pinnedVersion()} of libtorch.json`);
  if (sources !== sourcesChecksum()) problems.push('they are of other C++ sources than these');
  return problems;
}

/** The NEEDED entries of LibTorch must be exactly the expected ones; those of the system must be on the list. */
function linkProblems({name, needed, rpath}) {
  const expected = limits.libtorch[name];
  if (expected === undefined) return [`${name} does not belong there`];
  const problems = rpath.length === 0 ? [] : [`${name} has the RPATH ${rpath.join(', ')}`];
  const others = needed.filter((library) => !limits.system.includes(library)).sort();
  if (others.join() !== expected.join())
    problems.push(`${name} needs [${others.join(', ')}] instead of [${expected.join(', ')}]`);
  return problems;
}

function floorProblems(floors, allowed) {
  return Object.entries(floors)
    .filter(([family, version]) => compareVersions(version, allowed[family] ?? '0') > 0)
    .map(
      ([family, version]) => `they need ${family}_${version}, above ${allowed[family] ?? 'none'}`,
    );
}

function filesBelow(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesBelow(join(path, name)));
}
