import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DTYPE_BYTES, READ_NUMBER, type TensorData, viewOf} from '../../../lib/checkpoint/tensor.js';

const FIXTURES = join(__dirname, '../../fixtures/checkpoint');

export {errorOf} from '../../error_of.js';

export function fixture(name: string): string {
  return join(FIXTURES, name);
}

export interface ExpectedTensor {
  dtype: string;
  shape: number[];
  values: number[];
}

/** What PyTorch says the fixture holds. */
export function expectedTensors(name: string): Record<string, ExpectedTensor> {
  const all = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));
  return all[name];
}

export function describeTensor({dtype, shape, data}: TensorData): ExpectedTensor {
  const bytes = DTYPE_BYTES[dtype];
  const values = Array.from({length: data.length / bytes}, (_, i) =>
    READ_NUMBER[dtype](viewOf(data), i * bytes),
  );
  return {dtype, shape: [...shape], values};
}

/** Runs `use` in a fresh folder that is removed afterwards. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sau-checkpoint-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, {recursive: true});
  }
}
