import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {DTYPE_BYTES, READ_NUMBER, type TensorData, viewOf} from '../../lib/checkpoint/tensor.js';
import {FIXTURES} from './paths.js';

export function fixture(name: string): string {
  return join(FIXTURES, 'checkpoint', name);
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
