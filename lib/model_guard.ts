import {inspect} from 'node:util';
import type {Checkpoint} from './checkpoint/read_checkpoint.js';
import {elementCount} from './checkpoint/strided.js';
import {SauError} from './errors.js';
import {named} from './options/named.js';
import {modelName} from './options/rules.js';

/** Channels of the first layer of a preactresnet18 without a width in its name, and how many more the last has. */
const STANDARD_WIDTH = 64;
const LAST_WIDTHS = 8;
const KERNEL = 9;
/** Elements of a tensor, 256 MiB of them, that a model may have before the file must prove that it has them. */
const FREE_ELEMENTS = 2 ** 26;

/**
 * Throws ERR_CONFIG for a model that is not known here, and ERR_CHECKPOINT where the model is far larger than the
 * weights are: a damaged or hostile file must not make the machine run out of memory.
 */
export function checkModel(
  {path, stateDict}: Pick<Checkpoint, 'path' | 'stateDict'>,
  model: string,
  numClasses: number,
): void {
  if (!modelName.safeParse(model).success) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected a model such as preactresnet18 or preactresnet18_w16 for ${path} but received ${inspect(model)}.`,
      {
        remedy: `Give ${named('model')} if the weights are those of a preactresnet18; no other architecture is known.`,
        details: {path, model},
      },
    );
  }
  const last = LAST_WIDTHS * Number(/_w(\d+)$/.exec(model)?.[1] ?? STANDARD_WIDTH);
  const needed = Math.max(last * last * KERNEL, last * numClasses);
  const largest = Math.max(0, ...[...stateDict.values()].map(({shape}) => elementCount(shape)));
  if (needed <= Math.max(largest, FREE_ELEMENTS)) return;
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the weights of a ${model} with ${numClasses} classes in ${path}, of which one tensor has ${needed} ` +
      `elements, but the largest there has ${largest}.`,
    {
      remedy: `Check ${named('model')} and ${named('numClasses')}, or copy or download the file again.`,
      details: {path, model, numClasses, needed, largest},
    },
  );
}
