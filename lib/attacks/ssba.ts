import {SauError} from '../base/errors.js';
import type {NativeStegaImages, NativeStegaOptions} from '../native/attack_contract.js';
import type {OwnOptions} from '../options/attacks/attacks.js';
import {GENERATOR_DEFAULTS} from '../options/defaults.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {bchParity} from './bch.js';
import {type ImageArray, readImageArray} from './option_files.js';
import type {Trigger} from './trigger.js';

/**
 * SSBA (specification B4.5): every image is replaced by a version of it that hides a secret. The versions come from
 * an array for each split with one version per original index, or from an encoder that is trained now.
 * @throws SauError ERR_CONFIG for one array alone, ERR_DATASET for arrays of another shape or type
 */
export async function ssba(options: OwnOptions<'ssba'>, context: AttackContext): Promise<Triggers> {
  const {trainImages, testImages} = options;
  if (trainImages === null && testImages === null) {
    const {train, test} = await generateSsbaImages(context, encoderOptions(options));
    return {train: replaceBy(planesOf(train, context)), test: replaceBy(planesOf(test, context))};
  }
  if (trainImages === null || testImages === null) {
    throw new SauError(
      'ERR_CONFIG',
      'Expected the arrays of the encoded images for both trainImages and testImages, or for neither, which trains an encoder, but received only one. Give the other too, or leave both out',
    );
  }
  return {
    train: replaceBy(await readImageArray('trainImages', trainImages, 'train', context)),
    test: replaceBy(await readImageArray('testImages', testImages, 'test', context)),
  };
}

function encoderOptions(options: OwnOptions<'ssba'>): SsbaImageOptions {
  return {
    ...GENERATOR_DEFAULTS.ssbaImages,
    secret: options.secret,
    epochs: options.encoderEpochs,
    batchSize: options.encoderBatchSize,
    learningRate: options.encoderLearningRate,
    waitSteps: options.encoderWaitSteps,
    rampSteps: options.encoderRampSteps,
  };
}

/** The images of uint8 [N,3,H,W], copied one by one. */
function planesOf(images: Uint8Array, {size}: AttackContext): ImageArray {
  const bytes = 3 * size.height * size.width;
  return (originalIndex) => images.slice(originalIndex * bytes, (originalIndex + 1) * bytes);
}

function replaceBy(images: ImageArray): Trigger {
  return (_, originalIndex) => images(originalIndex);
}

const SECRET_CHARACTERS = 7;
const SECRET_BITS = 100;
const CODE = {primitivePolynomial: 137, correctable: 5} as const;

interface SsbaImageOptions extends NativeStegaOptions {
  /** Up to 7 bytes of text; a shorter text is padded with blanks. */
  readonly secret: string;
}

/** Encoded images: uint8 [N,3,H,W], in the order of the data set, so that image i has index i. */
interface SsbaImages {
  readonly train: Uint8Array;
  readonly test: Uint8Array;
}

/**
 * The bits of a secret, [100] of 0 and 1: its text, the parity bits that protect it and four zeros
 * (specification B4.5).
 * @throws SauError ERR_CONFIG for an empty text or one of more than 7 bytes
 */
export function secretBits(text: string): Uint8Array {
  const bytes = Buffer.from(text.padEnd(SECRET_CHARACTERS, ' '), 'utf8');
  if (text === '' || bytes.length > SECRET_CHARACTERS) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected 1 to ${SECRET_CHARACTERS} bytes of text for secret but received ${text === '' ? 'nothing' : text}`,
      {details: {secret: text}},
    );
  }
  const packet = [...bytes, ...bchParity(bytes, CODE)];
  const bits = new Uint8Array(SECRET_BITS);
  bits.set(packet.flatMap((byte) => Array.from({length: 8}, (_, i) => (byte >> (7 - i)) & 1)));
  return bits;
}

/**
 * SSBA's encoded images (specification B4.5): trains a StegaStamp-style encoder and decoder on the clean training
 * images, unnormalized and with random secrets, then hides one secret in every image of both sets. Images are
 * rounded to 8 bits. The defaults, 20 epochs over the whole set, suit a GPU. On a CPU this takes hours for
 * CIFAR-10, so lower `epochs`, or give arrays that were made before.
 * @throws SauError ERR_CONFIG for a long secret or images whose sides are not multiples of 16, ERR_DIVERGED
 */
export async function generateSsbaImages(
  {train, test, run, openSession}: AttackContext,
  options: SsbaImageOptions,
): Promise<SsbaImages> {
  const {secret, ...training} = options;
  const bits = secretBits(secret);
  run.onProgress?.({kind: 'stage', message: 'training an encoder of hidden bits'});
  // The session's classifier is not used, but its number of classes limits the labels of the images.
  using session = await openSession(1 + largest(train.labels, largest(test.labels, 1)));
  await session.setImages('train', train);
  await session.setImages('cleanTest', test);
  const made = await session.stegaImages(bits, training, run);
  run.onProgress?.({kind: 'note', message: outcome(made, training.accuracyGoal)});
  return {train: made.train, test: made.test};
}

function outcome({bitAccuracy, imageError}: NativeStegaImages, goal: number): string {
  const read = `the decoder reads ${percent(bitAccuracy)} of the hidden bits`;
  const changed = `pixels changed by ${(255 * Math.sqrt(imageError)).toFixed(1)} gray levels (root mean square)`;
  return bitAccuracy > goal
    ? `${read}; ${changed}`
    : `${read}, ${changed}: below ${percent(goal)} the encoder does not learn to leave images as they are; train it for more epochs`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

function largest(values: Int32Array, least: number): number {
  return values.reduce((a, b) => Math.max(a, b), least);
}
