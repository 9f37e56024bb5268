import {Breather} from '../base/breather.js';
import {SauError} from '../base/errors.js';
import {MersenneTwister} from '../random/mersenne_twister.js';
import {checkSeed} from '../random/samples.js';
import type {ImageSet} from './image_set.js';

export interface SyntheticOptions {
  readonly seed: number;
  readonly trainPerClass: number;
  readonly testPerClass: number;
  /** Height and width in pixels. */
  readonly size: number;
}

interface SyntheticDataset {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** [10] in label order. */
  readonly classNames: readonly string[];
}

type Rgb = readonly [number, number, number];

const MIN_SIZE = 16;
/** Standard deviation of the pixel noise, in gray levels. */
const NOISE = 12;

/** Draws one scene; `random` is uniform in [0,1). */
class Painter {
  constructor(
    private readonly random: () => number,
    private readonly size: number,
  ) {}

  /** Planes [3,size,size] written to `out`. */
  paint(shape: Shape, out: Uint8Array): void {
    const {size} = this;
    const radius = size * this.#between(0.25, 0.38);
    const centerX = this.#between(1.05 * radius, size - 1.05 * radius);
    const centerY = this.#between(1.05 * radius, size - 1.05 * radius);
    const angle = this.#between(-shape.tilt, shape.tilt);
    const cos = Math.cos(angle) / radius;
    const sin = Math.sin(angle) / radius;
    const {shade, corners} = this.#palette();
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const dx = x + 0.5 - centerX;
        const dy = y + 0.5 - centerY;
        const depth = shape.inside(dx * cos + dy * sin, dy * cos - dx * sin) * radius;
        const cover = Math.min(1, Math.max(0, depth + 0.5)); // a soft edge of about one pixel
        const right = x / (size - 1);
        const down = y / (size - 1);
        for (let c = 0; c < 3; c++) {
          const top = mix(corners[0][c] ?? 0, corners[1][c] ?? 0, right);
          const bottom = mix(corners[2][c] ?? 0, corners[3][c] ?? 0, right);
          const level = mix(mix(top, bottom, down), shade[c] ?? 0, cover);
          out[(c * size + y) * size + x] = toByte(255 * level + NOISE * this.#bell());
        }
      }
    }
  }

  /** A light color for the shape, and similar dark colors for the corners of the background. */
  #palette(): {shade: Rgb; corners: readonly [Rgb, Rgb, Rgb, Rgb]} {
    const base = this.#color(0, 0.5);
    const corner = (): Rgb => mixColors(base, this.#color(0, 0.5), 0.5);
    return {shade: this.#color(0.45, 1), corners: [corner(), corner(), corner(), corner()]};
  }

  #color(low: number, high: number): Rgb {
    return [this.#between(low, high), this.#between(low, high), this.#between(low, high)];
  }

  #between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Triangular, mean 0 and variance 1. */
  #bell(): number {
    return (this.random() + this.random() - 1) * Math.sqrt(6);
  }
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function mixColors(from: Rgb, to: Rgb, share: number): Rgb {
  return [mix(from[0], to[0], share), mix(from[1], to[1], share), mix(from[2], to[2], share)];
}

function toByte(level: number): number {
  return Math.max(0, Math.min(255, Math.round(level)));
}

async function paintSplit(painter: Painter, perClass: number, size: number): Promise<ImageSet> {
  const count = perClass * SHAPES.length;
  const imageBytes = 3 * size * size;
  const images = new Uint8Array(count * imageBytes);
  const labels = Int32Array.from({length: count}, (_, i) => i % SHAPES.length);
  const breather = new Breather();
  for (const [i, label] of labels.entries()) {
    const shape = SHAPES[label];
    if (shape) painter.paint(shape, images.subarray(i * imageBytes, (i + 1) * imageBytes));
    if (breather.due) await breather.rest();
  }
  return {
    images,
    labels,
    trueLabels: labels,
    originalIndices: Int32Array.from(labels.keys()),
    count,
    height: size,
    width: size,
  };
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected integer >= ${least} for ${name} but received ${value}`,
    {
      details: {[name]: value},
    },
  );
}

/**
 * Ten classes of drawn shapes and textures. Each image has random colors, place, size, rotation, background and
 * noise, so color says nothing about the class. Labels cycle through 0..9. Equal options give equal bytes.
 * @throws SauError ERR_CONFIG for a count below 1 or a size below 16
 */
export async function makeSyntheticDataset(options: SyntheticOptions): Promise<SyntheticDataset> {
  checkCount('trainPerClass', options.trainPerClass, 1);
  checkCount('testPerClass', options.testPerClass, 1);
  checkCount('size', options.size, MIN_SIZE);
  const twister = MersenneTwister.fromSeed(checkSeed(options.seed));
  const painter = new Painter(() => twister.nextUint32() / 2 ** 32, options.size);
  const train = await paintSplit(painter, options.trainPerClass, options.size);
  const test = await paintSplit(painter, options.testPerClass, options.size);
  return {train, test, classNames: SHAPES.map((shape) => shape.name)};
}

/**
 * The classes of the synthetic data set. A shape is a function that says how far inside the shape a point lies, in
 * units of its radius: positive inside, negative outside. Coordinates are centered, rotated and scaled so that the
 * shape roughly fills [-1,1]^2. Textures are cut to a disc or a square of that size.
 */
interface Shape {
  readonly name: string;
  readonly inside: (u: number, v: number) => number;
  /** Rotations in radians are drawn from [-tilt, tilt]; small if rotating a shape makes it another class. */
  readonly tilt: number;
}

/** Periods of the stripes and the checks, in radii. */
const STRIPE = 0.55;
const CHECK = 0.66;

const disc = (u: number, v: number): number => 1 - Math.hypot(u, v);
const square = (u: number, v: number): number => 0.85 - Math.max(Math.abs(u), Math.abs(v));
const wave = (t: number, period: number): number =>
  (Math.cos((2 * Math.PI * t) / period) * period) / (2 * Math.PI);

function cross(u: number, v: number): number {
  const short = Math.min(Math.abs(u), Math.abs(v));
  const long = Math.max(Math.abs(u), Math.abs(v));
  return Math.min(0.32 - short, 1 - long);
}

function triangle(u: number, v: number): number {
  return Math.min(0.75 - v, (v + 0.95 - 1.8 * Math.abs(u)) / 2.06);
}

function star(u: number, v: number): number {
  const angle = Math.atan2(u, -v);
  return 0.62 + 0.36 * Math.cos(5 * angle) - Math.hypot(u, v);
}

function crescent(u: number, v: number): number {
  return Math.min(disc(u, v), Math.hypot(u - 0.45, v) - 0.75);
}

const SHAPES: readonly Shape[] = [
  {name: 'disc', inside: disc, tilt: Math.PI},
  {name: 'ring', inside: (u, v) => 0.24 - Math.abs(Math.hypot(u, v) - 0.74), tilt: Math.PI},
  {name: 'square', inside: square, tilt: 0.3},
  {name: 'cross', inside: cross, tilt: 0.3},
  {name: 'triangle', inside: triangle, tilt: 0.3},
  {name: 'star', inside: star, tilt: 0.6},
  {name: 'crescent', inside: crescent, tilt: Math.PI},
  {name: 'bars', inside: (u, v) => Math.min(square(u, v), wave(v, STRIPE)), tilt: 0.2},
  {name: 'columns', inside: (u, v) => Math.min(square(u, v), wave(u, STRIPE)), tilt: 0.2},
  {
    name: 'checker',
    inside: (u, v) => Math.min(square(u, v), 4 * wave(u, CHECK) * wave(v, CHECK)),
    tilt: 0.2,
  },
];
