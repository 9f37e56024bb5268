// What a folder of prebuilt binaries holds, and what is wrong with it.
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {pinnedVersion, platforms, root} from '../build_steps.mjs';
import {compareVersions, floorsOf, readElf} from './elf.mjs';

const SOURCES = ['CMakeLists.txt', 'libtorch.json', 'native'];

/** The highest versions that binaries may need, which are LibTorch's own, and the libraries that they may need. */
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

/** Those that a package needs or holds: this machine's, and the others that are there; a release holds all. */
export function inspectAll(parent, {isRelease}) {
  const {PLATFORMS, THIS_TUPLE} = platforms();
  const chosen = PLATFORMS.filter(
    (platform) =>
      isRelease || platform.tuple === THIS_TUPLE || existsSync(folderOf(platform, parent)),
  );
  return Object.fromEntries(
    chosen.map((platform) => [
      platform.tuple,
      inspectPrebuilds(folderOf(platform, parent), platform, {isRelease}),
    ]),
  );
}

/** The binaries of a platform below `parent`. */
export function folderOf({tuple}, parent) {
  return join(parent, 'prebuilds', tuple);
}

/**
 * A platform's binaries in `folder`, what they need from the system, and their problems; without problems they can be
 * packed.
 */
export function inspectPrebuilds(folder, {addon, dynamicLinker, elfMachine}, {isRelease}) {
  const {BUILD_DESCRIPTION: description} = platforms();
  const names = [addon.loader, addon.core, description, ...(isRelease ? [addon.cuda] : [])];
  const missing = names.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) {
    return {binaries: [], floors: {}, problems: [`${folder} has no ${missing.join(', ')}`]};
  }
  const build = JSON.parse(readFileSync(join(folder, description), 'utf8'));
  const binaries = readdirSync(folder)
    .filter((name) => name !== description)
    .sort()
    .map((name) => ({name, ...inspectBinary(join(folder, name), elfMachine)}));
  const floors = floorsOf(binaries.flatMap(({symbols}) => symbols));
  if (elfMachine === null) return {build, binaries, floors, problems: originProblems(build)};
  const problems = [
    ...originProblems(build),
    ...binaries.flatMap((binary) => linkProblems(binary, [...limits.system, dynamicLinker])),
    ...binaries
      .filter(({machine}) => machine !== elfMachine)
      .map(({name, machine}) => `${name} is for another processor (ELF machine ${machine})`),
    ...binaries.flatMap(floorProblems),
  ];
  return {build, binaries, floors, problems};
}

/** What it needs is read from ELF files only, which those of macOS and Windows are not. */
function inspectBinary(path, elfMachine) {
  const {size: bytes} = statSync(path);
  return {bytes, ...(elfMachine === null ? {needed: [], symbols: []} : readElf(path))};
}

function originProblems({libtorch, sources}) {
  const problems = [];
  if (libtorch !== pinnedVersion())
    problems.push(`they are for LibTorch ${libtorch}, not ${pinnedVersion()} of libtorch.json`);
  if (sources !== sourcesChecksum()) problems.push('they are of other C++ sources than these');
  return problems;
}

/** The NEEDED entries of LibTorch must be exactly the expected ones; those of the system must be on the list. */
function linkProblems({name, needed, rpath}, system) {
  const expected = limits.libtorch[name];
  if (expected === undefined) return [`${name} does not belong there`];
  const problems = rpath.length === 0 ? [] : [`${name} has the RPATH ${rpath.join(', ')}`];
  const others = needed.filter((library) => !system.includes(library)).sort();
  if (others.join() !== expected.join())
    problems.push(`${name} needs [${others.join(', ')}] instead of [${expected.join(', ')}]`);
  return problems;
}

/** A symbol of a newer glibc than LibTorch's floor is what native/glibc/floor.cc is for. */
function floorProblems({name: binary, symbols}) {
  return symbols
    .filter(({family, version}) => compareVersions(version, limits.floors[family] ?? '0') > 0)
    .map(
      ({name, family, version}) =>
        `${binary} asks for ${name} of ${family}_${version}, above ${limits.floors[family] ?? 'none'}`,
    );
}

function filesBelow(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesBelow(`${path}/${name}`));
}
