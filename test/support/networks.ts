// The networks of torchvision at weights by formula (scripts/oracle/make_network_fixtures.py), and ours at the same.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeTensors} from '../../lib/native/data_contract.js';
import {formulaImages, formulaWeights} from './formula.js';
import {NATIVE_FIXTURES} from './oracle.js';

/** What a network says of two images with label 1, in double precision. */
export interface NetworkCase {
  readonly classes: number;
  readonly side: number;
  /** The first four of each image. */
  readonly logits: readonly (readonly number[])[];
  readonly largest_logit: number;
  /** Cross entropy. */
  readonly loss: number;
  /** Of the loss by the pixels. */
  readonly gradient_norm: number;
  /** Sum of its products with the pixels. */
  readonly gradient_by_images: number;
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
  const {logits, gradient} = core.functional.net.run({
    ...{model, numClasses: classes, tensors, images, count: 2, height: side, width: side},
    ...{labels: Int32Array.of(1, 1), view, dtype},
  });
  const rows = [logits.subarray(0, classes), logits.subarray(classes)];
  return {
    ...{classes, side},
    logits: rows.map((row) => [...row.subarray(0, 4)]),
    largest_logit: Math.max(...logits.map(Math.abs)),
    loss: rows.reduce((sum, row) => sum + crossEntropy(row, 1) / rows.length, 0),
    gradient_norm: Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0)),
    gradient_by_images: gradient.reduce((sum, value, i) => sum + value * (images[i] ?? 0), 0),
  };
}

function crossEntropy(logits: Float64Array, label: number): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum) - (logits[label] ?? Number.NaN);
}
