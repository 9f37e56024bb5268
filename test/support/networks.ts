// The networks of torchvision at weights by formula (scripts/oracle/make_network_fixtures.py), and ours at the same.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeTensors} from '../../lib/native/data_contract.js';
import {formulaImages, formulaWeights} from './formula.js';
import {NATIVE_FIXTURES} from './oracle.js';

/** What a network says of images, in double precision. */
interface NetworkAnswer {
  /** The first four of the first two images. */
  readonly logits: readonly (readonly number[])[];
  readonly largest_logit: number;
  /** Cross entropy. */
  readonly loss: number;
  /** Of the loss by the pixels. */
  readonly gradient_norm: number;
  /** Sum of its products with the pixels. */
  readonly gradient_by_images: number;
}

/** In evaluation mode, of two images with label 1. */
export interface NetworkCase extends NetworkAnswer {
  readonly classes: number;
  readonly side: number;
}

/** In training mode, of images with labels 0, 1, 2 and so on. */
export interface TrainingCase extends NetworkCase {
  readonly images: number;
  /** Of what dropout and stochastic depth draw. */
  readonly seed: number;
  /** Of the running means and variances behind the pass. */
  readonly statistics_norm: number;
  readonly statistics_sum: number;
}

export interface NetworkFacts {
  /** By how much the formula's weights are enlarged. */
  readonly gain: number;
  /** By the number of classes. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Of the state dict, and how many of these are parameters. */
  readonly entries: number;
  readonly parameter_entries: number;
  readonly buffer_elements: number;
  /** Of keys and shapes, of 10 classes: md5 of the lines "key shape", its first 8 digits. */
  readonly fingerprint: string;
  /** By the side of the image. */
  readonly macs: Readonly<Record<string, number>>;
  readonly cases: readonly NetworkCase[];
  /** Null where training does not differ. */
  readonly training: TrainingCase | null;
}

export const networks: Readonly<Record<string, NetworkFacts>> = JSON.parse(
  readFileSync(join(NATIVE_FIXTURES, 'networks.json'), 'utf8'),
).networks;

/** Networks of which a test takes many seconds: large ones, and those whose like is among the others. */
export const LARGE = Object.keys(networks).filter((name) =>
  /^(vgg|vit_|wide_|resnext|resnet34|densenet16|convnext_small|efficientnet_b3)/.test(name),
);

export function factsOf(model: string): NetworkFacts {
  const found = networks[model];
  if (found === undefined) throw new Error(`The fixture has no ${model}`);
  return found;
}

/** All weights of a network by the formula. */
export function weightsOf(core: NativeCore, model: string, classes: number): NativeTensors {
  return formulaWeights(core.describeModel(model, classes).layers, factsOf(model).gain);
}

interface Question {
  readonly model: string;
  readonly classes: number;
  readonly side: number;
  readonly tensors: NativeTensors;
  readonly view: 'module' | 'frozen';
  readonly dtype: 'float32' | 'float64';
}

/** What our network says, or the attacker's view of it. */
export function answerOf(core: NativeCore, question: Question): NetworkCase {
  const {model, classes, side, tensors, view, dtype} = question;
  const images = formulaImages(2, side);
  const labels = Int32Array.of(1, 1);
  const response = core.functional.net.run({
    ...{model, numClasses: classes, tensors, images, count: 2, height: side, width: side},
    ...{labels, view, dtype},
  });
  return {classes, side, ...summaryOf(response, images, labels)};
}

/** What our network says in training mode, in double precision. */
export function trainingAnswerOf(
  core: NativeCore,
  model: string,
  {classes, side, images: count, seed}: TrainingCase,
): TrainingCase {
  const images = formulaImages(count, side);
  const labels = Int32Array.from({length: count}, (_, i) => i);
  const {statistics = new Float64Array(0), ...response} = core.functional.net.run({
    ...{model, numClasses: classes, tensors: weightsOf(core, model, classes)},
    ...{images, count, height: side, width: side, labels, seed},
    ...{view: 'training', dtype: 'float64'},
  });
  return {
    ...{classes, side, images: count, seed, ...summaryOf(response, images, labels)},
    statistics_norm: Math.sqrt(statistics.reduce((sum, value) => sum + value * value, 0)),
    statistics_sum: statistics.reduce((sum, value) => sum + value, 0),
  };
}

interface Response {
  readonly logits: Float64Array;
  readonly gradient: Float64Array;
}

function summaryOf(
  {logits, gradient}: Response,
  images: Float32Array,
  labels: Int32Array,
): NetworkAnswer {
  const classes = logits.length / labels.length;
  const rows = Array.from(labels, (_, i) => logits.subarray(i * classes, (i + 1) * classes));
  const losses = rows.map((row, i) => crossEntropy(row, labels[i] ?? Number.NaN));
  return {
    logits: rows.slice(0, 2).map((row) => [...row.subarray(0, 4)]),
    largest_logit: Math.max(...logits.map(Math.abs)),
    loss: losses.reduce((sum, loss) => sum + loss / losses.length, 0),
    gradient_norm: Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0)),
    gradient_by_images: gradient.reduce((sum, value, i) => sum + value * (images[i] ?? 0), 0),
  };
}

function crossEntropy(logits: Float64Array, label: number): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum) - (logits[label] ?? Number.NaN);
}
