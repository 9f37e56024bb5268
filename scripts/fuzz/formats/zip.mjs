import {crc32, deflateRawSync} from 'node:zlib';
import {integerBytes, interesting, mutateBytes} from './bytes.mjs';

/** The entries of a zip by its directory, as far as it can be followed; null where it cannot. */
export function readZip(zip) {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0 || end + 22 > zip.length) return null;
  const entries = [];
  try {
    for (let at = zip.readUInt32LE(end + 16); zip.readUInt32LE(at) === 0x02014b50; ) {
      const nameBytes = zip.readUInt16LE(at + 28);
      const header = zip.readUInt32LE(at + 42);
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      entries.push({
        name: zip.toString('latin1', at + 46, at + 46 + nameBytes),
        data: zip.subarray(start, start + zip.readUInt32LE(at + 20)),
        method: zip.readUInt16LE(at + 10),
        mode: zip.readUInt32LE(at + 38) >>> 16,
      });
      at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
  } catch {
    return null;
  }
  return entries.length === 0 ? null : entries;
}

/** A zip of entries, each of whose fields may be other than its data says. */
export function makeZip(entries, end = {}) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const entry of entries) {
    const {
      name,
      data = Buffer.alloc(0),
      mode = 0,
      method = 0,
      flags = 0,
      extra = Buffer.alloc(0),
    } = entry;
    const file = Buffer.from(entry.nameBytes ?? name, 'latin1');
    const common = Buffer.concat([
      ...[
        integerBytes(20, 2),
        integerBytes(flags, 2),
        integerBytes(method, 2),
        integerBytes(0x21, 4),
      ],
      integerBytes(entry.crc ?? crc32(data), 4),
      integerBytes(entry.packed ?? data.length, 4),
      integerBytes(entry.size ?? data.length, 4),
      ...[integerBytes(file.length, 2), integerBytes(extra.length, 2)],
    ]);
    const local = entry.localName === undefined ? file : Buffer.from(entry.localName, 'latin1');
    parts.push(Buffer.from('PK\x03\x04'), common, local, extra, data);
    // Without a comment, on the first disk, a binary.
    const tail = [Buffer.alloc(6), integerBytes(mode * 65536, 4), integerBytes(entry.at ?? at, 4)];
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, ...tail, file, extra);
    at += 4 + common.length + local.length + extra.length + data.length;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([
    ...[...parts, central, Buffer.from('PK\x05\x06\0\0\0\0', 'latin1')],
    integerBytes(end.count ?? entries.length, 2),
    integerBytes(end.count ?? entries.length, 2),
    integerBytes(end.bytes ?? central.length, 4),
    integerBytes(end.start ?? at, 4),
    integerBytes(0, 2),
  ]);
}

const NAMES = [
  ...[
    'data.pkl',
    'byteorder',
    'version',
    'data/0',
    '.data/serialization_id',
    'constants.pkl',
    'x/',
  ],
  ...['../x', '/x', 'x\0y', 'x\\y', '\xff\xfe', '.', '', 'A'.repeat(300), 'models/model.json'],
];

/** Each changes one entry of a list in place. */
const WAYS = [
  (_random, entries, i, {within}) => {
    entries[i].data = within(entries[i].name, entries[i].data);
  },
  (_random, entries, i, {within}) => {
    entries[i].data = within(entries[i].name, entries[i].data);
  },
  (_random, entries, i, {within}) => {
    entries[i].data = within(entries[i].name, entries[i].data);
  },
  (random, entries, i) => {
    const folder = /^[^/]*\//.exec(entries[i].name)?.[0] ?? '';
    entries[i].name = (random.chance(0.7) ? folder : '') + random.pick(NAMES);
  },
  (random, entries, i) => {
    const {name} = entries[i];
    entries[i].name = random.pick([name.toUpperCase(), `x/${name}`, name.slice(1), `${name}/`]);
  },
  (random, entries, i) => {
    const field = random.pick(['size', 'packed', 'crc', 'at', 'mode', 'method', 'flags']);
    entries[i][field] = interesting(random);
  },
  (random, entries, i) => {
    entries[i].size = entries[i].packed = interesting(random);
  },
  (_random, entries, i) => entries.splice(i, 1),
  (random, entries, i) => entries.splice(random.below(entries.length + 1), 0, {...entries[i]}),
  (_random, entries, i) => entries.push(...entries.splice(i, 1)),
  (random, entries, i) => {
    const fields = Array.from({length: random.below(4)}, () =>
      integerBytes(interesting(random), 8),
    );
    const body = Buffer.concat(fields);
    entries[i].extra = Buffer.concat([
      integerBytes(random.pick([1, 0x7075, 0x4246]), 2),
      integerBytes(body.length, 2),
      body,
    ]);
    if (random.chance(0.7)) entries[i].size = entries[i].packed = 0xffffffff;
  },
  (_random, entries, i) => {
    const {data} = entries[i];
    Object.assign(entries[i], {
      data: deflateRawSync(data),
      method: 8,
      size: data.length,
      crc: crc32(data),
    });
  },
  (random, entries, i) => {
    entries[i].localName = random.pick(NAMES);
  },
  (random, entries, i) => {
    if (!random.chance(0.03)) return;
    const copy = {...entries[i], data: Buffer.alloc(0)};
    for (let n = random.below(3000); n > 0; n--) entries.push({...copy, name: `${copy.name}${n}`});
  },
];

/** A zip with something wrong in it; `within(name, data)` changes what an entry holds. */
export function mutateZip(random, bytes, context) {
  const entries = random.chance(0.15) ? null : readZip(bytes);
  if (entries === null) return mutateBytes(random, bytes, context);
  for (let n = random.few(4); n > 0 && entries.length > 0; n--) {
    random.pick(WAYS)(random, entries, random.below(entries.length), context);
  }
  const field = random.pick(['count', 'bytes', 'start']);
  return makeZip(entries, random.chance(0.03) ? {[field]: interesting(random)} : {});
}
