import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {readBatchOrder} from '../../../lib/defenses/batch_order.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-order-'));
});
afterAll(() => rm(folder, {recursive: true}));

async function read(order: unknown): Promise<Int32Array> {
  const path = join(folder, 'order.json');
  await writeFile(path, JSON.stringify(order));
  return readBatchOrder(path, 2, 3);
}

it.each([
  ['in one array', [2, 1, 0, 0, 2, 1]],
  [
    'in an array for each round',
    [
      [2, 1, 0],
      [0, 2, 1],
    ],
  ],
])('a batch order may stand %s', async (_, order) => {
  expect(await read(order)).toEqual(Int32Array.of(2, 1, 0, 0, 2, 1));
});

it.each([
  ['too few positions', [0, 1, 2], 'received 3 positions'],
  ['too few rounds', [[0, 1, 2]], 'received 1 rounds'],
  ['a round that is too short', [[0, 1, 2], [0]], 'received round 1 with 1 positions'],
  ['a round that is a number', [[0, 1, 2], 0], 'received round 1 with no array'],
  ['a position beyond the images', [0, 1, 2, 0, 1, 3], 'received the position 3'],
  [
    'null for a position',
    [
      [0, 1, 2],
      [0, 1, null],
    ],
    'received the position null',
  ],
  ['no array', {0: 1}, 'received object'],
])('a batch order with %s is refused', async (_, order, message) => {
  await expect(read(order)).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    message: expect.stringContaining(message),
  });
});
