import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {decodeAll} from '../../../lib/datasets/decode.js';
import {type Interpolation, makeTransform} from '../../../lib/datasets/transform.js';
import {temporaryFolder} from '../../support/folders.js';
import {ROOT} from '../../support/paths.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
/** Decoders of JPEG may round differently; all else is equal. */
const JPEG_LEVELS = 1;

type Options = [resize: string | null, crop: number | null, interpolation: Interpolation];
type Reading = [file: string, options: Options, result: string, height: number, width: number];

/** Writes the pictures into a folder. Returns what Pillow and torchvision read from them. */
function makePictures(folder: string): readonly Reading[] {
  const script = join(ROOT, 'scripts/oracle/make_pictures.py');
  const made = spawnSync(PYTHON, [script, folder], {encoding: 'utf8'});
  expect(made.status, made.stderr).toBe(0);
  return JSON.parse(readFileSync(join(folder, 'pictures.json'), 'utf8'));
}

/** The largest difference of a reading of ours, in levels. */
async function differenceOf(folder: string, reading: Reading): Promise<number> {
  const [file, [resize, crop, interpolation], result, height, width] = reading;
  const transform = makeTransform({height, width}, {resize, crop, interpolation});
  const planes = await decodeAll([join(folder, file)], transform);
  const area = height * width;
  const ours = (i: number): number => planes[(i % 3) * area + Math.trunc(i / 3)] ?? -1;
  return readFileSync(join(folder, result)).reduce(
    (most, level, i) => Math.max(most, Math.abs(level - ours(i))),
    0,
  );
}

describe.skipIf(PYTHON === '')('pictures beside Pillow and torchvision (SAU_TEST_PYTHON)', () => {
  it('are equal in every bit, of JPEG within a level, however they are resized and cropped', async () => {
    const folder = await temporaryFolder();
    const readings = makePictures(folder);
    expect(readings.length).toBeGreaterThan(150);
    for (const reading of readings) {
      const most = reading[0].endsWith('.jpg') ? JPEG_LEVELS : 0;
      const difference = await differenceOf(folder, reading);
      expect(difference, JSON.stringify(reading)).toBeLessThanOrEqual(most);
    }
  }, 240_000);
});
