import {writeWhole} from '../base/whole_file.js';
import {LENGTH_BYTES, METADATA, SAFETENSORS_DTYPE} from './safetensors.js';
import {DTYPE_BYTES, type StateDict} from './tensor.js';

/** Where the data begins, as its library has it. */
const ALIGNMENT = 8;
/** What PyTorch programs look for. */
const FORMAT = {format: 'pt'};

/**
 * Writes tensors as a safetensors file. Those of wide elements come first, so that each lies at a multiple of its
 * element; the header names them in the order of `state`. The file appears whole or not at all; throws ERR_OUTPUT.
 */
export async function writeSafetensors(path: string, state: StateDict): Promise<void> {
  const entries = [...state].toSorted(
    ([, a], [, b]) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype],
  );
  const begins = new Map<string, number>();
  let at = 0;
  for (const [name, {data}] of entries) {
    begins.set(name, at);
    at += data.byteLength;
  }
  const described = [...state].map(([name, {dtype, shape, data}]) => {
    const begin = begins.get(name) ?? 0;
    const offsets = [begin, begin + data.byteLength];
    return [name, {dtype: SAFETENSORS_DTYPE[dtype], shape, data_offsets: offsets}] as const;
  });
  const header = headerOf(new Map<string, unknown>([[METADATA, FORMAT], ...described]));
  await writeWhole(path, async (handle) => {
    await handle.writeFile(header);
    for (const [, {data}] of entries) await handle.writeFile(data);
  });
}

/** The length and the JSON, with spaces up to where the data may begin. */
function headerOf(entries: ReadonlyMap<string, unknown>): Buffer {
  const fields = [...entries].map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  const json = Buffer.from(`{${fields.join(',')}}`);
  const padded = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(LENGTH_BYTES + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(header, LENGTH_BYTES);
  return header;
}
