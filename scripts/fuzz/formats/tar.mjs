import {integerBytes, interesting, mutateBytes} from './bytes.mjs';

const BLOCK = 512;
const NAMES = [
  '../x',
  '/x',
  'a/../../x',
  'x\0y',
  '',
  'a/'.repeat(60),
  'data',
  './a',
  'PaxHeader/x',
];
const TYPES = [...'01234567xgLKSVDN\0'];

/** A header with its checksum; `fields`: [at, text] that are other than usual. */
export function tarHeader(name, size, fields = []) {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\0'.padEnd(8), 100);
  header.write('0000000\0'.repeat(2), 108);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  for (const [at, text] of fields) Buffer.from(text, 'latin1').copy(header, at);
  return summed(header);
}

/** A tar of files: [name, bytes]. */
export function tarOf(files) {
  const parts = files.flatMap(([name, data]) => [
    tarHeader(name, data.length),
    data,
    Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function summed(header) {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function isHeader(bytes, at) {
  return bytes.toString('latin1', at + 257, at + 262) === 'ustar';
}

const WAYS = [
  (random, header) => header.write(random.pick(NAMES).padEnd(100, '\0'), 0, 100, 'latin1'),
  (random, header) => header.write(random.pick(TYPES), 156, 'latin1'),
  (random, header) => header.write(random.pick(NAMES).padEnd(100, '\0'), 157, 100, 'latin1'),
  (random, header) =>
    header.write(`${(interesting(random) % 2 ** 33).toString(8).padStart(11, '0')}\0`, 124),
  (random, header) => {
    header[124] = 0x80; // a size in base 256
    integerBytes(interesting(random), 8, true).copy(header, 128);
  },
  (random, header) => {
    header[random.below(BLOCK)] = random.below(256);
  },
  (random, header) => header.write(random.pick(NAMES).padEnd(155, '\0'), 345, 155, 'latin1'),
];

/** Fields of headers changed with their checksums right, and blocks taken out or doubled. */
export function mutateTar(random, bytes, context) {
  if (random.chance(0.15)) return mutateBytes(random, bytes, context);
  const blocks = Array.from({length: Math.ceil(bytes.length / BLOCK)}, (_, i) =>
    bytes.subarray(i * BLOCK, (i + 1) * BLOCK),
  );
  for (let n = random.few(4); n > 0 && blocks.length > 0; n--) {
    const headers = blocks.flatMap((block, i) =>
      block.length === BLOCK && isHeader(block, 0) ? [i] : [],
    );
    const i =
      random.chance(0.8) && headers.length > 0 ? random.pick(headers) : random.below(blocks.length);
    const way = random.below(10);
    if (way < 7 && blocks[i].length === BLOCK) {
      const header = Buffer.from(blocks[i]);
      random.pick(WAYS)(random, header);
      blocks[i] = random.chance(0.9) ? summed(header) : header;
    } else if (way === 7) blocks.splice(i, 1);
    else if (way === 8) blocks.splice(random.below(blocks.length + 1), 0, blocks[i]);
    else blocks.splice(i, 1, mutateBytes(random, blocks[i], context));
  }
  return Buffer.concat(blocks);
}
