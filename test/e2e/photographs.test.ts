import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import sharp from 'sharp';
import {beforeAll, describe, expect, it} from 'vitest';
import {put} from '../support/data_files.js';
import {jsonOf} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, HALF, useWorld} from '../support/world.js';

const SIDE = 224;
const PER_CLASS = 5;
/** The usual evaluation of photographs. */
const TRANSFORM = {resize: '256', crop: SIDE, interpolation: 'bicubic'} as const;
const ATTACK = {
  kind: 'badnet',
  ...{...CPU, ...TRANSFORM, mean: HALF, std: HALF},
  model: 'preactresnet18_w2',
  ...{epochs: 1, batchSize: 4, poisonRate: 0.2, evalBatchSize: 8},
} as const;

/** A JPEG of its own size and colors, by its number. */
function photograph(number: number): Promise<Buffer> {
  const height = 240 + 31 * (number % 5);
  const width = 300 - 23 * (number % 3);
  const data = Uint8Array.from({length: height * width * 3}, (_, i) => {
    const [x, y] = [Math.trunc(i / 3) % width, Math.trunc(i / 3 / width)];
    return 128 + 90 * Math.sin((x * (1 + (i % 3)) + y * (number % 7)) / 40);
  });
  const orientation = 1 + (number % 8);
  return sharp(data, {raw: {height, width, channels: 3}})
    .withMetadata({orientation})
    .jpeg({quality: 90})
    .toBuffer();
}

/** All files below a folder with their contents. */
function contentsOf(folder: string): [string, string][] {
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'}).sort();
  return names
    .filter((name) => name.endsWith('.png'))
    .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);
}

describe.skipIf(!IS_BUILT)('photographs of 224 pixels', () => {
  const world = useWorld({attacked: false});
  const data = join(world.folder, 'photographs');
  const record = join(world.folder, 'record', 'photographs');

  beforeAll(async () => {
    for (const split of ['train', 'test']) {
      for (let i = 0; i < 2 * PER_CLASS; i++) {
        const file = join(data, split, `class${i % 2}`, `${i}.jpg`);
        await put(file, await photograph(split === 'train' ? i : i + 50));
      }
    }
    await builtPackage().attack({...ATTACK, data, out: record});
  });

  it('are poisoned at the middle of the resized picture', async () => {
    const [name = ''] = readdirSync(join(record, 'bd_test_dataset', '1'));
    const png = sharp(join(record, 'bd_test_dataset', '1', name));
    expect(await png.metadata()).toMatchObject({width: SIDE, height: SIDE});
    expect(jsonOf(join(record, 'run.json'))).toMatchObject({
      options: TRANSFORM,
      dataset: {imageSize: [SIDE, SIDE]},
    });
  });

  it('are measured and defended with the transform of their record', async () => {
    const {metrics} = await builtPackage().evaluate({ckpt: record, data, batchSize: 8, ...CPU});
    const {after} = jsonOf(join(record, 'run.json')) as {after: object};
    expect(metrics).toEqual(after);
    const other = {interpolation: 'bilinear', batchSize: 8, ...CPU} as const;
    const bilinear = await builtPackage().evaluate({ckpt: record, data, ...other});
    expect(bilinear.metrics.cleanLoss).not.toBe(metrics.cleanLoss);
    const defense = {ckpt: record, data, method: 'ft', rounds: 1, clean: 4, batchSize: 4} as const;
    const out = join(world.folder, 'defense');
    await builtPackage().defend({...defense, ...CPU, out});
    expect(jsonOf(join(out, 'run.json'))).toMatchObject({options: TRANSFORM});
  });

  it('give the same record where they do not fit into dataMemory', async () => {
    const out = join(world.folder, 'record', 'mapped');
    await builtPackage().attack({...ATTACK, data, out, dataMemory: 0});
    expect(contentsOf(out)).toEqual(contentsOf(record));
    const trained = async (folder: string) =>
      (await builtPackage().readCheckpoint(folder)).stateDict;
    expect(await trained(out)).toEqual(await trained(record));
  });

  it('of which one is an HTML page end the command with its name', async () => {
    const file = join(data, 'train', 'class1', 'page.jpg');
    await put(file, '<!doctype html><title>404</title>');
    const out = join(world.folder, 'record', 'broken');
    const {status, stderr} = sau(world.folder, [
      ...['attack', 'badnet', '--data', data, '--out', out, '--image-size', '224'],
      ...['--mean', '.5,.5,.5', '--std', '.5,.5,.5'],
    ]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(`${file} cannot be decoded: its content is an HTML page.`);
  });
});
