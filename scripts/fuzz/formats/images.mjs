import {crc32, deflateSync, inflateSync} from 'node:zlib';
import {integerBytes, interesting, mutateBytes} from './bytes.mjs';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const CHUNKS = [
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'gAMA',
  'iCCP',
  'eXIf',
  'acTL',
  'fcTL',
  'fdAT',
  'zTXt',
  'CgBI',
];

function chunksOf(bytes) {
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = Math.min(bytes.length, at + 8 + bytes.readUInt32BE(at));
    chunks.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      body: bytes.subarray(at + 8, end),
    });
    at = end + 4;
  }
  return chunks;
}

function pngOf(chunks) {
  const parts = chunks.flatMap(({type, body, length, crc}) => {
    const content = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    return [
      integerBytes(length ?? body.length, 4, true),
      content,
      integerBytes(crc ?? crc32(content), 4, true),
    ];
  });
  return Buffer.concat([SIGNATURE, ...parts]);
}

/** Side, depth, color and interlacing, with the checksum right again. */
function changedHeader(random, body) {
  const header = Buffer.from(body);
  if (header.length < 13) return header;
  const way = random.below(5);
  if (way < 2)
    header.writeUInt32BE(
      random.chance(0.7) ? random.below(200) : interesting(random) % 2 ** 32,
      4 * way,
    );
  if (way === 2) header[8] = random.pick([1, 2, 4, 8, 16, 0, 255]);
  if (way === 3) header[9] = random.below(8);
  if (way === 4) header[10 + random.below(3)] = random.below(3);
  return header;
}

/** The compressed rows with other bytes in them. */
function changedRows(random, body, context) {
  try {
    const rows = inflateSync(body, {maxOutputLength: 1 << 20});
    return deflateSync(mutateBytes(random, rows, context), {level: 1});
  } catch {
    return mutateBytes(random, body, context);
  }
}

export function mutatePng(random, bytes, context) {
  if (random.chance(0.15) || !bytes.subarray(0, 8).equals(SIGNATURE))
    return mutateBytes(random, bytes, context);
  const chunks = chunksOf(bytes);
  for (let n = random.few(3); n > 0 && chunks.length > 0; n--) {
    const i = random.below(chunks.length);
    const chunk = chunks[i];
    const way = random.below(9);
    if (way < 3 && chunk.type === 'IHDR') chunk.body = changedHeader(random, chunk.body);
    else if (way < 3)
      chunk.body =
        chunk.type === 'IDAT'
          ? changedRows(random, chunk.body, context)
          : mutateBytes(random, chunk.body, context);
    else if (way === 3) chunk.type = random.pick(CHUNKS);
    else if (way === 4) chunks.splice(i, 1);
    else if (way === 5) chunks.splice(random.below(chunks.length + 1), 0, {...chunk});
    else if (way === 6) chunk.length = interesting(random);
    else if (way === 7) chunk.crc = interesting(random);
    else
      chunks.splice(i, 0, {
        type: random.pick(CHUNKS),
        body: mutateBytes(random, chunk.body, context),
      });
  }
  return pngOf(chunks);
}

function segmentsOf(bytes) {
  const segments = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = Math.min(bytes.length, at + 2 + bytes.readUInt16BE(at + 2));
    segments.push(bytes.subarray(at, end));
    at = end;
  }
  return [...segments, bytes.subarray(at)];
}

/** Segments of a JPEG exchanged, doubled or changed, with their lengths left as they are or wrong. */
export function mutateJpeg(random, bytes, context) {
  if (random.chance(0.2) || bytes[0] !== 0xff || bytes[1] !== 0xd8)
    return mutateBytes(random, bytes, context);
  let segments = segmentsOf(bytes);
  for (let n = random.few(3); n > 0; n--) {
    const i = random.below(segments.length);
    const segment = Buffer.from(segments[i]);
    const way = random.below(6);
    if (way < 2 && segment.length > 4)
      segments[i] = Buffer.concat([
        segment.subarray(0, 4),
        mutateBytes(random, segment.subarray(4), context),
      ]);
    else if (way === 2) segments = segments.toSpliced(i, 1);
    else if (way === 3)
      segments = segments.toSpliced(random.below(segments.length + 1), 0, segment);
    else if (way === 4 && segment.length > 4) {
      segment.writeUInt16BE(
        interesting(random) % 65536,
        2 + (random.chance(0.5) ? 0 : random.below(Math.min(12, segment.length - 3))),
      );
      segments[i] = segment;
    } else if (segment.length > 1) {
      segment[1] = 0xc0 + random.below(64);
      segments[i] = segment;
    }
    if (segments.length === 0) break;
  }
  return Buffer.concat([Buffer.of(0xff, 0xd8), ...segments]);
}

/** Numbers of a TIFF's first directory, which is most of what its reader looks at. */
export function mutateTiff(random, bytes, context) {
  const isLittle = bytes[0] === 0x49;
  if (random.chance(0.3) || bytes.length < 8) return mutateBytes(random, bytes, context);
  const changed = Buffer.from(bytes);
  const start = isLittle ? changed.readUInt32LE(4) : changed.readUInt32BE(4);
  for (let n = random.few(4); n > 0; n--) {
    const size = random.pick([1, 2, 4]);
    const at = random.chance(0.2) ? 4 : start + random.below(200);
    if (at + size > changed.length) continue;
    integerBytes(interesting(random), size, !isLittle).copy(changed, at);
  }
  return changed;
}
