import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {makeTriggers} from '../../../lib/attacks/attacks.js';
import type {ATTACK_TABLE} from '../../../lib/options/attacks/attacks.js';
import {isTrainingAttack, parseAttackConfig} from '../../../lib/options/config.js';
import {contextOf, randomBytes, randomWords} from '../../support/attack_contexts.js';
import {picture, put, putNpy} from '../../support/data_files.js';
import {temporaryFolder} from '../../support/folders.js';
import {FIXTURES} from '../../support/paths.js';

/** Written by scripts/fixtures/make_trigger_fixtures.py, which computes the triggers another way. */
interface Golden {
  readonly kind: keyof typeof ATTACK_TABLE;
  readonly side: number;
  readonly split: 'train' | 'test';
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** The first row's first eight pixels of image 0, by channel. */
  readonly first: number[][];
  /** Of all 20 images as planes. */
  readonly sha256: string;
}

const CASES = JSON.parse(readFileSync(join(FIXTURES, 'attacks/golden.json'), 'utf8')) as Golden[];

/** The files that the cases name, made of the same random numbers. */
async function putFiles(side: number): Promise<string> {
  const folder = await temporaryFolder();
  const user = {data: randomBytes(5, 24 * 40 * 3), height: 24, width: 40};
  await put(join(folder, 'picture.png'), await picture(user).png().toBuffer());
  const others = randomBytes(2, 20 * side * side * 3);
  await putNpy(join(folder, 'others.npy'), [20, side, side, 3], others);
  const floats = Float32Array.from(
    randomWords(3, side * side * 3),
    (word) => (word / 2 ** 32) * 0.2,
  );
  await putNpy(join(folder, 'floats.npy'), [1, side, side, 3], floats);
  const gray = Float64Array.from(randomBytes(4, side * side), (level) => level / 4);
  await putNpy(join(folder, 'gray.npy'), [side, side], gray);
  return folder;
}

it.each(CASES)(
  'the bytes of $kind at $side with $options in $split are those of NumPy and Pillow',
  async ({kind, side, split, options, first, sha256}) => {
    const folder = await putFiles(side);
    const given = Object.entries(options).map(([name, value]) => [
      name,
      /\.(png|npy)$/.test(String(value)) ? join(folder, String(value)) : value,
    ]);
    const config = parseAttackConfig({...Object.fromEntries(given), kind});
    if (isTrainingAttack(config)) throw new Error('no trigger');
    const context = contextOf({height: side, width: side});
    const {[split]: trigger} = await makeTriggers(config, context);

    const area = side * side;
    const hash = createHash('sha256');
    for (let i = 0; i < 20; i++) {
      const stamped = trigger(context.train.images.subarray(i * 3 * area, (i + 1) * 3 * area), i);
      if (i === 0) {
        const start = (plane: number) => [...stamped.subarray(plane * area, plane * area + 8)];
        expect([0, 1, 2].map(start)).toEqual(first);
      }
      hash.update(stamped);
    }
    expect(hash.digest('hex')).toBe(sha256);
  },
);
