import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {clipToByte, wrapToByte} from '../../../lib/attacks/add_pattern.js';
import {makeTriggers} from '../../../lib/attacks/attacks.js';
import type {AttackEntry} from '../../../lib/options/attacks/attack_entry.js';
import {ATTACK_TABLE, type AttackKind} from '../../../lib/options/attacks/attacks.js';
import {isTrainingAttack, parseAttackConfig} from '../../../lib/options/config.js';
import type {UserOptions} from '../../../lib/options/parse.js';
import {contextOf, randomBytes} from '../../support/attack_contexts.js';
import {picture, put, putNpy} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const SIZE = {height: 32, width: 32};

function triggersOf(kind: AttackKind, options: UserOptions, context = contextOf(SIZE)) {
  const config = parseAttackConfig({kind, ...options});
  if (isTrainingAttack(config)) throw new Error(`${kind} has no trigger`);
  return makeTriggers(config, context);
}

/** Options of the attacks that need files: random arrays of the right shape. */
const FILES: Partial<Record<AttackKind, (folder: string, side: number) => Promise<UserOptions>>> = {
  lf: async (folder, side) => ({
    pattern: await putNpy(join(folder, 'a.npy'), [side, side], randomBytes(9, side * side)),
  }),
  ssba: async (folder, side) => {
    const file = await putArray(folder, side);
    return {trainImages: file, testImages: file};
  },
  lc: async (folder, side) => ({adversarialImages: await putArray(folder, side)}),
};

function putArray(folder: string, side: number): Promise<string> {
  const shape = [20, side, side, 3];
  return putNpy(join(folder, 'a.npy'), shape, randomBytes(9, 20 * side * side * 3));
}

const KINDS = Object.entries<AttackEntry>(ATTACK_TABLE).flatMap(([name, {poisons, options}]) => {
  const kind = name as AttackKind;
  const needsFile = Object.values(options).some(({type}) => type === 'path');
  return poisons === 'data' && (!needsFile || kind in FILES) ? [kind] : [];
});

describe.each(KINDS)('the trigger of %s', (kind) => {
  it.each([32, 64])('is pure and changes images of side %i', async (side) => {
    const context = contextOf({height: side, width: side});
    const options = (await FILES[kind]?.(await temporaryFolder(), side)) ?? {};
    const {train, test} = await triggersOf(kind, options, context);
    const {train: again} = await triggersOf(kind, options, context);
    const image = context.train.images.subarray(7 * 3 * side * side, 8 * 3 * side * side);
    const before = image.slice();
    for (const trigger of [train, test]) {
      const stamped = trigger(image, 7);
      expect(image).toEqual(before);
      expect(stamped).toBeInstanceOf(Uint8Array);
      expect(stamped).toHaveLength(image.length);
      expect(stamped).not.toEqual(image);
      expect(trigger(image, 7)).toEqual(stamped);
    }
    expect(again(image, 7)).toEqual(train(image, 7));
  });
});

describe('a number out of range', () => {
  const VALUES = [-1.5, -0.5, 256.7, 300, 510, 99.9];

  it('wraps as the casts of the official tool do', () => {
    expect(VALUES.map(wrapToByte)).toEqual([255, 0, 0, 44, 254, 99]);
  });

  it('is clipped before it is truncated elsewhere', () => {
    expect(Uint8Array.from(VALUES, clipToByte)).toEqual(Uint8Array.of(0, 0, 255, 255, 255, 99));
  });
});

describe('sig', () => {
  it('has the gray levels of the specification, 99 where the sine is a tiny negative number', async () => {
    const {train} = await triggersOf('sig', {});
    const stamped = train(new Uint8Array(3072).fill(100), 0);
    const row = [100, 136, 128, 84, 60, 84, 128, 136, 100, 63, 71, 115, 140, 115, 71, 63, 99];
    expect([...stamped.subarray(0, 17)]).toEqual(row);
    expect([...stamped.subarray(3072 - 32, 3072 - 15)]).toEqual(row);
  });
});

describe('lc', () => {
  it('paints the signs of the specification at full strength', async () => {
    const folder = await temporaryFolder();
    const {train, test} = await triggersOf('lc', {adversarialImages: await putArray(folder, 32)});
    for (const stamped of [test(new Uint8Array(3072).fill(7), 3), train(new Uint8Array(3072), 3)]) {
      const row = (y: number) =>
        [0, 1, 2, 29, 30, 31].map((x) => ({255: '+', 0: '-'})[stamped[1024 + y * 32 + x] ?? 1]);
      expect([0, 1, 2, 29, 30, 31].map((y) => row(y).join(''))).toEqual([
        '+----+',
        '-+--+-',
        '+-++-+',
        '+----+',
        '-+--+-',
        '+-++-+',
      ]);
    }
  });

  it('resizes the signs to 48 pixels as PyTorch does with the nearest ones', async () => {
    const folder = await temporaryFolder();
    const side = 48;
    const {test} = await triggersOf(
      'lc',
      {adversarialImages: await putArray(folder, side)},
      contextOf({height: side, width: side}),
    );
    const stamped = test(new Uint8Array(3 * side * side).fill(7), 0);
    const ends = [0, 1, 2, 3, 4, 5, 42, 43, 44, 45, 46, 47];
    const row = (y: number) =>
      ends.map((x) => ({255: '+', 0: '-', 7: '.'})[stamped[y * side + x] ?? 1]).join('');
    // torch.nn.functional.interpolate(signs, size=(48, 48), mode='nearest')
    expect(ends.map(row)).toEqual([
      '++---...---+',
      '++---...---+',
      '--+--...-++-',
      '++-++...+--+',
      '++-++...+--+',
      '............',
      '............',
      '............',
      '++---...---+',
      '--+--...-++-',
      '--+--...-++-',
      '++-++...+--+',
    ]);
  });

  it('starts from the adversarial image of the original index in training only', async () => {
    const folder = await temporaryFolder();
    const {train, test} = await triggersOf('lc', {adversarialImages: await putArray(folder, 32)});
    const adversarial = randomBytes(9, 20 * 3072).subarray(3 * 3072, 4 * 3072);
    const center = 16 * 32 + 16;
    expect(train(new Uint8Array(3072), 3)[center]).toBe(adversarial[center * 3]);
    expect(test(new Uint8Array(3072).fill(5), 3)[center]).toBe(5);
  });
});

describe('lf', () => {
  const putFloats = async (value: number) =>
    putNpy(
      join(await temporaryFolder(), 'floats.npy'),
      [1, 32, 32, 3],
      new Float32Array(3072).fill(value),
    );

  it('multiplies a pattern of floats up to 1 by 255 and says so', async () => {
    const context = contextOf(SIZE);
    const pattern = await putFloats(0.125);
    const {train} = await triggersOf('lf', {pattern}, context);
    expect(train(new Uint8Array(3072).fill(100), 0)[0]).toBe(131);
    expect(context.notes).toEqual([
      `the pattern ${pattern} has floats up to 0.125: multiplied by 255`,
    ]);
  });

  it('changes nothing by such a pattern when told to do as the official tool, and says so', async () => {
    const context = contextOf(SIZE);
    const pattern = await putFloats(0.125);
    const {train} = await triggersOf('lf', {pattern, scaleFloats: 'off'}, context);
    const image = context.train.images.subarray(0, 3072);
    expect(train(image, 0)).toEqual(image);
    expect(context.notes.join()).toMatch(/added as it is, which changes next to nothing/);
  });

  it('takes larger floats as gray levels', async () => {
    const context = contextOf(SIZE);
    const {train} = await triggersOf('lf', {pattern: await putFloats(-1.5)}, context);
    expect(train(new Uint8Array(3072).fill(100), 0)[3071]).toBe(98);
    expect(context.notes).toEqual([]);
  });

  it('takes the first of several patterns', async () => {
    const two = Uint8Array.from({length: 2 * 3072}, (_, i) => (i < 3072 ? i % 3 : 200));
    const pattern = await putNpy(join(await temporaryFolder(), 'two.npy'), [2, 32, 32, 3], two);
    const {train} = await triggersOf('lf', {pattern});
    const stamped = train(new Uint8Array(3072).fill(10), 0);
    expect([stamped[5], stamped[1029], stamped[2053]]).toEqual([10, 11, 12]);
  });

  it.each([[[32, 33]], [[32, 32, 1]], [[3, 32, 32]], [[0, 32, 32, 3]], [[1024]]])(
    'refuses a pattern of shape %j',
    async (shape) => {
      const data = new Uint8Array(shape.reduce((product, side) => product * side, 1));
      const pattern = await putNpy(join(await temporaryFolder(), 'bad.npy'), shape, data);
      const error = await errorOf(triggersOf('lf', {pattern}), 'ERR_DATASET');
      expect(error.message).toMatch(
        /^Expected a pattern of shape \(32, 32\), \(32, 32, 3\) or \(N, 32, 32, 3\) but .*bad\.npy has \(/,
      );
    },
  );

  it('refuses a pattern with numbers that are not finite', async () => {
    const pattern = await putFloats(Number.NaN);
    const error = await errorOf(triggersOf('lf', {pattern}), 'ERR_DATASET');
    expect(error.message).toContain('Expected finite numbers');
  });
});

describe('arrays with one image per original index', () => {
  it('are indexed by the original index, not by the place in a selection', async () => {
    const folder = await temporaryFolder();
    const file = await putArray(folder, 32);
    const {test} = await triggersOf('ssba', {trainImages: file, testImages: file});
    const encoded = randomBytes(9, 20 * 3072).subarray(11 * 3072, 12 * 3072);
    const stamped = test(new Uint8Array(3072), 11);
    expect([stamped[0], stamped[1024], stamped[2048]]).toEqual([...encoded.subarray(0, 3)]);
    expect([stamped[1023], stamped[2047], stamped[3071]]).toEqual([...encoded.subarray(3069)]);
  });

  it.each([
    [[19, 32, 32, 3], new Uint8Array(19 * 3072)],
    [[20, 3, 32, 32], new Uint8Array(20 * 3072)],
    [[20, 32, 32, 3], new Float32Array(20 * 3072)],
  ] as const)(
    'are refused with shape %j and another shape or type than uint8',
    async (shape, data) => {
      const file = await putNpy(join(await temporaryFolder(), 'bad.npy'), shape, data);
      const options = {adversarialImages: file};
      const error = await errorOf(triggersOf('lc', options), 'ERR_DATASET');
      expect(error.message).toContain(
        'Expected one image per train image for adversarialImages, uint8 (20, 32, 32, 3), but ',
      );
      expect(error.message).toMatch(/bad\.npy holds (uint8|float32) \(/);
    },
  );
});

describe("the user's picture", () => {
  async function putPicture(height: number, width: number, channels: 1 | 3 | 4): Promise<string> {
    const data = randomBytes(6, height * width * channels).fill(255, 0, 4);
    const sharpened = picture({data, height, width, channels});
    const png = channels === 1 ? sharpened.toColourspace('b-w') : sharpened;
    return put(join(await temporaryFolder(), 'own.png'), await png.png().toBuffer());
  }

  it.each([
    ['badnet', 'patch'],
    ['blended', 'pattern'],
  ] as const)('of %s is resized, and a note says so', async (kind, option) => {
    const file = await putPicture(40, 20, 3);
    const context = contextOf(SIZE);
    await triggersOf(kind, {[option]: file}, context);
    expect(context.notes).toEqual([
      `the ${option} ${file} is resized from 20x40 to 32x32, its aspect ignored`,
    ]);
  });

  it.each([
    [4, ' is taken without its transparency'],
    [1, ' is gray'],
  ] as const)('with %i channels becomes RGB, and a note says so', async (channels, note) => {
    const pattern = await putPicture(32, 32, channels);
    const context = contextOf(SIZE);
    await triggersOf('blended', {pattern}, context);
    expect(context.notes).toEqual([`the pattern ${pattern}${note}`]);
  });

  it('of the right size and mode needs no note', async () => {
    const context = contextOf(SIZE);
    await triggersOf('blended', {pattern: await putPicture(32, 32, 3)}, context);
    expect(context.notes).toEqual([]);
  });
});

describe('refused with ERR_CONFIG:', () => {
  it.each([
    ['lf', {pattern: 'missing.npy'}, /the path of a file for pattern but received missing\.npy/],
    [
      'ssba',
      {testImages: 'a.npy'},
      /both trainImages and testImages, or for neither, .* but received only one/,
    ],
    ['blended', {pattern: 'plain'}, /plaid or the path of a file for pattern but received plain/],
  ] as const)('%s with %j', async (kind, options, message) => {
    const error = await errorOf(triggersOf(kind, options), 'ERR_CONFIG');
    expect(error.message).toMatch(message);
  });

  it.each([
    ['ctrl', 31, 40, /at least 32x32 pixels for ctrl but received 31x40/],
    ['ftrojan', 32, 48, /multiples of 32 pixels for ftrojan but received 32x48/],
  ] as const)('%s on images of %i x %i', async (kind, height, width, message) => {
    const error = await errorOf(triggersOf(kind, {}, contextOf({height, width}, 1)), 'ERR_CONFIG');
    expect(error.message).toMatch(message);
  });
});
