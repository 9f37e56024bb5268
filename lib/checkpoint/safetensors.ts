import {z} from 'zod';
import {listOf, mapOf} from '../base/first_fault.js';
import {FormatError} from './checkpoint_error.js';
import type {RegularFile} from './regular_file.js';
import {DTYPE_BYTES, type DType, elementCount, rowMajorStrides} from './tensor.js';
import {StorageRef, TensorRef} from './torch_values.js';

// A safetensors file: 8 bytes with the length of the header, the header as JSON, then the tensors' bytes, which the
// header names in any order but which lie without holes and overlaps.

/** The name of each element type in the header. */
export const SAFETENSORS_DTYPE: Readonly<Record<DType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

const DTYPE_OF: ReadonlyMap<string, DType> = new Map(
  (Object.keys(SAFETENSORS_DTYPE) as DType[]).map((dtype) => [SAFETENSORS_DTYPE[dtype], dtype]),
);

/** The key of the header that holds text about the file. */
export const METADATA = '__metadata__';

export const LENGTH_BYTES = 8;
/** A header of a hundred thousand tensors is shorter. */
const MAX_HEADER_BYTES = 16 << 20;
const MAX_ELEMENTS = 2 ** 48;
const BRACE = 0x7b;

const size = z.number().int().nonnegative();
const tensorRule = z.strictObject({
  dtype: z.string(),
  shape: listOf(size).refine(({length}) => length <= 64),
  data_offsets: z.tuple([size, size]),
});
const metadataRule = mapOf(z.string());

/** Where a tensor's bytes lie in the file. */
interface Place {
  readonly start: number;
  readonly bytes: number;
}

interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** By the key of the tensor's storage, which is its name. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Whether a file is one by its first bytes. */
export function isSafetensors(head: Buffer): boolean {
  if (head.length <= LENGTH_BYTES) return false;
  return head[LENGTH_BYTES] === BRACE && head.readBigUInt64LE(0) <= MAX_HEADER_BYTES;
}

/** Reads and checks the header; no byte of a tensor is read or allocated. Throws FormatError. */
export async function readSafetensorsHeader(file: RegularFile): Promise<SafetensorsHeader> {
  if (file.size < LENGTH_BYTES) {
    throw new FormatError(`it has ${file.size} bytes, which is less than the length of its header`);
  }
  const length = Number((await file.bytes(0, LENGTH_BYTES)).readBigUInt64LE(0));
  const room = file.size - LENGTH_BYTES;
  if (length > Math.min(room, MAX_HEADER_BYTES)) {
    throw new FormatError(
      length > room
        ? `its header claims ${length} bytes where ${room} follow`
        : `its header has ${length} bytes, more than ${MAX_HEADER_BYTES}`,
    );
  }
  const entries = parseHeader(await file.bytes(LENGTH_BYTES, length));
  const dataStart = LENGTH_BYTES + length;
  checkCoverage(entries, file.size - dataStart);
  return {
    tensors: new Map(entries.map(({name, ref}) => [name, ref])),
    places: new Map(
      entries.map(({name, begin, end}) => [name, {start: dataStart + begin, bytes: end - begin}]),
    ),
  };
}

interface Entry {
  readonly name: string;
  readonly ref: TensorRef;
  readonly begin: number;
  readonly end: number;
}

function parseHeader(bytes: Buffer): Entry[] {
  const header = parseJson(bytes);
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new FormatError('its header is no JSON object');
  }
  return Object.entries(header).flatMap(([name, value]: [string, unknown]) => {
    if (name !== METADATA) return [parseTensor(name, value)];
    checkMetadata(value);
    return [];
  });
}

function parseJson(bytes: Buffer): unknown {
  if (bytes[0] !== BRACE) throw new FormatError('its header does not begin with {');
  try {
    return JSON.parse(new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes));
  } catch (cause) {
    throw new FormatError(`its header is not JSON (${String(cause)})`);
  }
}

function checkMetadata(value: unknown): void {
  if (!metadataRule.safeParse(value).success) {
    throw new FormatError(`its ${METADATA} is no map of text to text`);
  }
}

function parseTensor(name: string, value: unknown): Entry {
  const shown = JSON.stringify(name.slice(0, 80));
  const parsed = tensorRule.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'entry';
    throw new FormatError(`the ${where} of tensor ${shown} in its header is not what it should be`);
  }
  const {shape, data_offsets, dtype: stored} = parsed.data;
  const [begin, end] = data_offsets;
  const dtype = DTYPE_OF.get(stored);
  if (dtype === undefined) {
    throw new FormatError(
      `its tensor ${shown} has the type ${stored.slice(0, 20)}`,
      `save the weights as one of ${[...DTYPE_OF.keys()].join(', ')}`,
    );
  }
  const count = elementCount(shape);
  const bytes = count * DTYPE_BYTES[dtype];
  if (count > MAX_ELEMENTS || begin > end || end - begin !== bytes) {
    throw new FormatError(
      `its tensor ${shown} of ${stored} [${shape}] needs ${bytes} bytes but lies from ${begin} to ${end}`,
    );
  }
  return {
    ...{name, begin, end},
    ref: new TensorRef(new StorageRef(name, dtype, count), 0, shape, rowMajorStrides(shape)),
  };
}

/** Throws unless the tensors fill the rest of the file without holes and overlaps. */
function checkCoverage(entries: readonly Entry[], dataBytes: number): void {
  let covered = 0;
  for (const {name, begin, end} of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const what = begin < covered ? 'overlaps another one' : 'follows bytes of no tensor';
      throw new FormatError(`its tensor ${JSON.stringify(name.slice(0, 80))} ${what} at ${begin}`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw new FormatError(`its tensors have ${covered} bytes where the file has ${dataBytes}`);
  }
}
