/**
 * The classes of the synthetic data set. A shape tells how far inside it a point lies, in units of its
 * own radius: positive inside, negative outside. Coordinates are centred, rotated and scaled, so that
 * the shape about fills [-1,1]^2; textures are cut to a disc or a square of that size.
 */
export interface Shape {
  readonly name: string;
  readonly inside: (u: number, v: number) => number;
  /** Rotations in radians are drawn from [-tilt, tilt]; small where turning makes another class. */
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

export const SHAPES: readonly Shape[] = [
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
