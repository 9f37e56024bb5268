import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll} from 'vitest';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {makeSyntheticDataset} from '../../lib/datasets/synthetic.js';
import {writePngs} from '../../lib/datasets/write_pngs.js';
import {IS_BUILT} from './paths.js';
import {builtPackage} from './program.js';

export const HALF = [0.5, 0.5, 0.5] as const;
export const TRAIN_COUNT = 120;
export const TEST_COUNT = 50;
const SIZE = 16;

/** One CPU thread: equal runs give equal bits. */
export const CPU = {device: 'cpu', threads: 1} as const;
/** A small victim: width 8, a few seconds of training. */
export const VICTIM = {
  kind: 'badnet',
  ...CPU,
  imageSize: SIZE,
  mean: HALF,
  std: HALF,
  model: 'preactresnet18_w8',
  epochs: 2,
  batchSize: 16,
  cropPadding: 0,
} as const;
/** What the data set needs to be told for a checkpoint that is no record. */
export const SCALE = {imageSize: SIZE, mean: HALF, std: HALF} as const;
export const SCALE_FLAGS = ['--image-size', '16', '--mean', '.5,.5,.5', '--std', '.5,.5,.5'];

export interface World {
  /** Everything lies in here; removed after the file's tests. */
  readonly folder: string;
  /** An image folder of ten classes. */
  readonly data: string;
  /** A record folder of a BadNets attack on it. */
  readonly record: string;
}

/** Makes the data set and, unless only that is wanted, the record: once for the tests of a file. */
export function useWorld({attacked = true} = {}): World {
  const folder = mkdtempSync(join(tmpdir(), 'sau-e2e-'));
  const world = {
    folder,
    data: join(folder, 'data', 'shapes'),
    record: join(folder, 'record', 'badnet'),
  };
  beforeAll(async () => {
    if (!IS_BUILT) return;
    await drawShapes(world.data);
    if (attacked) {
      await builtPackage().attack({...VICTIM, data: world.data, out: world.record});
    }
  });
  afterAll(() => rmSync(folder, {recursive: true}));
  return world;
}

async function drawShapes(folder: string): Promise<void> {
  const made = await makeSyntheticDataset({
    seed: 1,
    trainPerClass: TRAIN_COUNT / 10,
    testPerClass: TEST_COUNT / 10,
    size: SIZE,
  });
  const write = (split: string, set: ImageSet): Promise<void> =>
    writePngs(set, (i) => {
      const className = made.classNames[set.labels[i] ?? 0] ?? '';
      return join(folder, split, className, `${String(i).padStart(3, '0')}.png`);
    });
  await write('train', made.train);
  await write('test', made.test);
}
