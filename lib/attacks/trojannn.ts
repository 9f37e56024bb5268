import {SauError} from '../base/errors.js';
import type {StateDict, TensorData} from '../checkpoint/tensor.js';
import type {ImageSize} from '../datasets/decode.js';
import {resizedPlanes} from '../datasets/rgb_image.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {GENERATOR_DEFAULTS} from '../options/defaults.js';
import {named} from '../options/named.js';
import {addPattern, clipToByte, wrapToByte} from './add_pattern.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {readPicture} from './option_files.js';

/** Outputs of the network that the trigger is made for: its final layer stays random. */
const OUTPUTS = 1000;

/**
 * TrojanNN (specification B4.7): a shape on black is changed until it excites the most connected neurons of a clean
 * model, and is then added to images. The final layer of that model has 1000 random outputs, so the seed alone
 * decides which neurons are chosen. Compatible with the official quirks by default: the model sees plain pixels,
 * and the sum is taken modulo 256. `normalizeInput` and `wrap: false` change that.
 * @throws SauError ERR_CONFIG for a mask that is not a file or for too many neurons, ERR_DATASET for a mask that is
 * not a picture or is all black, ERR_CHECKPOINT for a clean model of another architecture
 */
export async function trojannn(
  options: OwnOptions<'trojannn'>,
  context: AttackContext,
): Promise<Triggers> {
  const {size, run, cleanModel, openSession} = context;
  const {mask, numNeuron, triggerSteps, wrap, normalizeInput} = options;
  const planes =
    mask === null ? await drawApple(size) : await readPicture('mask', mask, [], context);
  if (planes.every((value) => value === 0)) {
    throw new SauError(
      'ERR_DATASET',
      `Expected a picture that is not all black for mask but received ${mask ?? 'the built-in one'}. Give another ${named('mask')}, or a larger ${named('imageSize')}`,
    );
  }
  const clean = await cleanModel(options.cleanModel);
  using session = await openSession(OUTPUTS);
  await session.initialize();
  await session.loadStateDict(withCleanWeights(await session.exportStateDict(), clean));
  run.onProgress?.({kind: 'stage', message: 'searching for the trigger'});
  const {trigger, firstCost, lastCost} = await session.trojanTrigger(
    {planes, ...size},
    {
      ...GENERATOR_DEFAULTS.trojanTrigger,
      neurons: numNeuron,
      steps: triggerSteps,
      normalize: normalizeInput,
    },
    run,
  );
  run.onProgress?.({
    kind: 'note',
    message: `the trigger lowers the cost of its neurons from ${firstCost.toPrecision(4)} to ${lastCost.toPrecision(4)}`,
  });
  const add = addPattern(trigger, wrap ? wrapToByte : clipToByte);
  return {train: add, test: add, picture: trigger};
}

/**
 * The weights of a network with 1000 outputs, replaced by those of the clean model wherever they fit: everywhere
 * except in the final layer.
 */
function withCleanWeights(own: StateDict, clean: StateDict): StateDict {
  const byPosition = [...clean.values()];
  const named = [...own.keys()].every((name) => clean.has(name));
  const entries = [...own].map(([name, tensor], i): [string, TensorData] => {
    const donor = named ? clean.get(name) : byPosition[i];
    if (donor !== undefined && hasShape(donor, tensor.shape)) return [name, donor];
    if (donor !== undefined && tensor.shape[0] === OUTPUTS) return [name, tensor];
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a clean model of the victim's architecture but its weights have no ${name} of shape ` +
        `[${tensor.shape.join(', ')}]. Check cleanModel and the model's name`,
      {details: {name}},
    );
  });
  return new Map(entries);
}

function hasShape({shape}: TensorData, expected: readonly number[]): boolean {
  return shape.length === expected.length && shape.every((size, i) => size === expected[i]);
}

/** The apple is drawn at this size, then resized to the images'. */
const DRAWN_SIDE = 224;
const WHITE = 255;

interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
}

/** Two halves that overlap, with a dent between them above and below, and a leaf to the right. */
const APPLE: readonly Ellipse[] = [
  {x: 147, y: 171, across: 19, down: 32},
  {x: 175, y: 171, across: 19, down: 32},
  {x: 161, y: 170, across: 12, down: 24},
  {x: 170, y: 128, across: 10, down: 7},
];

function isInside({x, y, across, down}: Ellipse, column: number, row: number): boolean {
  return ((column - x) / across) ** 2 + ((row - y) / down) ** 2 <= 1;
}

/**
 * TrojanNN's built-in start picture, planes [3,H,W]: a white apple on black, drawn for this package. It lies right
 * of and below the center, like the official shape (specification B4.7).
 */
export async function drawApple(size: ImageSize): Promise<Uint8Array> {
  const data = new Uint8Array(DRAWN_SIDE * DRAWN_SIDE * 3);
  for (let row = 0; row < DRAWN_SIDE; row++) {
    for (let column = 0; column < DRAWN_SIDE; column++) {
      if (!APPLE.some((ellipse) => isInside(ellipse, column, row))) continue;
      const at = 3 * (row * DRAWN_SIDE + column);
      data.fill(WHITE, at, at + 3);
    }
  }
  return resizedPlanes({data, height: DRAWN_SIDE, width: DRAWN_SIDE}, size);
}
