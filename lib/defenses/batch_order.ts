import {messageOf, SauError} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {named} from '../options/named.js';

/**
 * The order in which the clean images are taken: a JSON array of rounds * count positions in the clean subset,
 * round by round, or of one array for each round. Throws ERR_CONFIG.
 */
export async function readBatchOrder(
  path: string,
  rounds: number,
  count: number,
): Promise<Int32Array> {
  const expected = `a JSON array of ${rounds} x ${count} positions from 0 to ${count - 1} in ${path}`;
  const fail = (received: string, cause?: unknown): SauError =>
    new SauError(
      'ERR_CONFIG',
      `Expected ${expected} for ${named('batchOrder')} but received ${received}.`,
      {
        cause,
        remedy: 'Make it for this number of rounds and clean images, or leave it out to shuffle.',
      },
    );
  let order: unknown;
  try {
    order = JSON.parse(await readText(path));
  } catch (cause) {
    throw fail(messageOf(cause), cause);
  }
  if (!Array.isArray(order)) throw fail(typeof order);
  const isNested = order.some(Array.isArray);
  if (isNested) {
    const wrong = order.findIndex((round) => !Array.isArray(round) || round.length !== count);
    if (order.length !== rounds) throw fail(`${order.length} rounds`);
    if (wrong >= 0) throw fail(`round ${wrong} with ${lengthOf(order[wrong])}`);
  } else if (order.length !== rounds * count) {
    throw fail(`${order.length} positions`);
  }
  const positions: unknown[] = order.flat();
  const wrong = positions.find((p) => !isPosition(p, count));
  if (wrong !== undefined) throw fail(`the position ${JSON.stringify(wrong)}`);
  return Int32Array.from(positions as number[]);
}

function isPosition(value: unknown, count: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < count;
}

function lengthOf(round: unknown): string {
  return Array.isArray(round) ? `${round.length} positions` : 'no array';
}
