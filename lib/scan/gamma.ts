// The gamma distribution of the margins of classes without a backdoor (scan G4), its location fixed at 0.

/** Shape and scale. */
export interface GammaFit {
  readonly shape: number;
  readonly scale: number;
}

const NEWTON_STEPS = 50;
const NEWTON_TOLERANCE = 1e-14;

/**
 * The gamma distribution of maximum likelihood; null where there is none: for values that are not above 0, fewer
 * than two, or all equal.
 */
export function fitGamma(values: readonly number[]): GammaFit | null {
  if (values.length < 2 || !values.every((value) => value > 0 && Number.isFinite(value))) {
    return null;
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanLog = values.reduce((sum, value) => sum + Math.log(value), 0) / values.length;
  const spread = Math.log(mean) - meanLog;
  if (!(spread > Number.EPSILON)) return null;
  let shape = (3 - spread + Math.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const change = (Math.log(shape) - digamma(shape) - spread) / (1 / shape - trigamma(shape));
    // The equation is steep near 0: a step beyond it halves the shape.
    const next = shape - change > 0 ? shape - change : shape / 2;
    const settled = Math.abs(next - shape) < NEWTON_TOLERANCE * shape;
    shape = next;
    if (settled) break;
  }
  return {shape, scale: mean / shape};
}

/**
 * P(X <= x) of a gamma distribution: the regularized lower incomplete gamma function, in [0,1]. x: at least 0.
 */
export function gammaCdf({shape, scale}: GammaFit, x: number): number {
  return 1 - gammaTail({shape, scale}, x);
}

/** P(X > x), which keeps its digits where it is small. */
export function gammaTail({shape, scale}: GammaFit, x: number): number {
  const at = x / scale;
  if (at <= 0) return 1;
  const density = Math.exp(shape * Math.log(at) - at - lnGamma(shape));
  return at < shape + 1 ? 1 - density * lowerSeries(shape, at) : density * upperFraction(shape, at);
}

const MOST_TERMS = 100_000;
const TERM_TOLERANCE = 1e-16;

/** The series of the lower incomplete gamma function without its factor x^a e^-x. */
function lowerSeries(shape: number, at: number): number {
  let term = 1 / shape;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > sum * TERM_TOLERANCE; n++) {
    term *= at / (shape + n);
    sum += term;
  }
  return sum;
}

/** The continued fraction of the upper one without that factor, by the method of Lentz. */
function upperFraction(shape: number, at: number): number {
  const tiny = Number.MIN_VALUE / Number.EPSILON;
  let b = at + 1 - shape;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / notZero(a * d + b, tiny);
    c = notZero(b + a / c, tiny);
    value *= c * d;
    if (Math.abs(c * d - 1) < TERM_TOLERANCE) break;
  }
  return value;
}

function notZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** From where on the asymptotic series below have all digits of a double. */
const ASYMPTOTIC = 10;

/** ln Gamma(x), x > 0. */
function lnGamma(x: number): number {
  if (x < ASYMPTOTIC) return lnGamma(x + 1) - Math.log(x);
  const r = 1 / (x * x);
  const series =
    (1 / 12 -
      r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360_360)))))) /
    x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** The derivative of {@link lnGamma}. */
function digamma(x: number): number {
  if (x < ASYMPTOTIC) return digamma(x + 1) - 1 / x;
  const r = 1 / (x * x);
  const series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132)))));
  return Math.log(x) - 0.5 / x - series;
}

/** The second derivative. */
function trigamma(x: number): number {
  if (x < ASYMPTOTIC) return trigamma(x + 1) + 1 / (x * x);
  const r = 1 / (x * x);
  const series = 1 / 6 - r * (1 / 30 - r * (1 / 42 - r * (1 / 30 - r * (5 / 66))));
  return 1 / x + r / 2 + (r / x) * series;
}
