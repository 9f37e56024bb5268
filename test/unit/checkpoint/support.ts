import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect} from 'vitest';
import {READ_NUMBER, viewOf} from '../../../lib/checkpoint/numeric.js';
import {DTYPE_BYTES, type TensorData} from '../../../lib/checkpoint/tensor.js';
import {SauError, type SauErrorCode} from '../../../lib/errors.js';

const FIXTURES = join(__dirname, '../../fixtures/checkpoint');

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

/** The SauError that a promise rejects with; fails for anything else. */
export async function errorOf(promise: Promise<unknown>, code: SauErrorCode): Promise<SauError> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(SauError);
  if (!(outcome instanceof SauError)) throw new Error('unreachable');
  expect(outcome.code, outcome.message).toBe(code);
  return outcome;
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
