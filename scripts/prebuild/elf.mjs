// Reads from an ELF file (64 bit, little-endian) what the dynamic linker will need, without binutils.
import {readFileSync} from 'node:fs';

const SECTION = {dynamic: 6, dynamicSymbols: 11, versionNeeds: 0x6ffffffe, versions: 0x6fffffff};
const TAG = {needed: 1, rpath: 15, runpath: 29};

/**
 * `machine`: the processor's number; `needed`: libraries in order; `rpath`: RPATH and RUNPATH entries; `symbols`: what it
 * asks of other libraries in a version with a number, such as {name: 'stat', family: 'GLIBC', version: '2.33'}.
 */
export function readElf(path) {
  const file = readFileSync(path);
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1)
    throw new Error(`Expected a 64-bit little-endian ELF file but received ${path}`);
  const sections = sectionsOf(file);
  const dynamic = sections.find(({type}) => type === SECTION.dynamic);
  const text = (link, offset) => {
    const start = sections[link].offset + offset;
    return file.toString('latin1', start, file.indexOf(0, start));
  };
  const entries = dynamic === undefined ? [] : dynamicEntries(file, dynamic);
  const valuesOf = (...tags) =>
    entries.filter(({tag}) => tags.includes(tag)).map(({value}) => text(dynamic.link, value));
  return {
    machine: file.readUInt16LE(18),
    needed: valuesOf(TAG.needed),
    rpath: valuesOf(TAG.rpath, TAG.runpath),
    symbols: versionedSymbols(file, sections, text),
  };
}

/** Compares versions such as '2.9' and '2.28' number by number. */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); ++i) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The highest version of each family, such as {GLIBC: '2.28'}. */
export function floorsOf(symbols) {
  const floors = {};
  for (const {family, version} of symbols) {
    if (floors[family] === undefined || compareVersions(version, floors[family]) > 0)
      floors[family] = version;
  }
  return floors;
}

function sectionsOf(file) {
  const start = Number(file.readBigUInt64LE(40));
  const [size, count] = [file.readUInt16LE(58), file.readUInt16LE(60)];
  return Array.from({length: count}, (_, i) => {
    const at = start + i * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
      entries: file.readUInt32LE(at + 44),
    };
  });
}

function dynamicEntries(file, {offset, size}) {
  return Array.from({length: size / 16}, (_, i) => ({
    tag: Number(file.readBigUInt64LE(offset + 16 * i)),
    value: Number(file.readBigUInt64LE(offset + 16 * i + 8)),
  }));
}

/** Each symbol has the number of a version, 0 and 1 for none, beside its row in the table of symbols. */
function versionedSymbols(file, sections, text) {
  const [symbols, versions, needs] = ['dynamicSymbols', 'versions', 'versionNeeds'].map((name) =>
    sections.find(({type}) => type === SECTION[name]),
  );
  if (symbols === undefined || versions === undefined || needs === undefined) return [];
  const names = versionNames(file, needs, text);
  return Array.from({length: versions.size / 2}, (_, i) => {
    const [, family, version] =
      /^(\w+?)_([\d.]+)$/.exec(names.get(file.readUInt16LE(versions.offset + 2 * i))) ?? [];
    return {name: text(symbols.link, file.readUInt32LE(symbols.offset + 24 * i)), family, version};
  }).filter(({family}) => family !== undefined);
}

/** Names such as GLIBC_2.28 by their numbers: a list per library, each with a list of versions, linked by distances. */
function versionNames(file, {offset, link, entries}, text) {
  const names = new Map();
  let need = offset;
  for (let i = 0; i < entries; ++i) {
    let version = need + file.readUInt32LE(need + 8);
    for (let left = file.readUInt16LE(need + 2); left > 0; --left) {
      names.set(file.readUInt16LE(version + 6), text(link, file.readUInt32LE(version + 8)));
      version += file.readUInt32LE(version + 12);
    }
    need += file.readUInt32LE(need + 12);
  }
  return names;
}
