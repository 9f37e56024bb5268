import {z} from 'zod';
import {isModelName, MODEL_FORMS} from '../models/names.js';

/**
 * The kinds of value that options have. Text becomes a value here and nowhere else. The message of
 * each rule is what was expected, as a noun: lib/config/parse.ts makes the sentence around it.
 */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberFrom(value: unknown): unknown {
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
}

/** The largest float32: what the weights are, and so all that they are computed with. */
export const MOST_FLOAT = 3.4e38;

function numberRule(expected: string, accepts: (value: number) => boolean) {
  const isTooLarge = (value: unknown) => typeof value === 'number' && Math.abs(value) > MOST_FLOAT;
  const check = (value: unknown) =>
    typeof value === 'number' && !isTooLarge(value) && accepts(value);
  const error = ({input}: {input?: unknown}) =>
    isTooLarge(input) ? `${expected} that float32 can hold, up to 3.4e38,` : expected;
  return z.preprocess(numberFrom, z.custom<number>(check, {error}));
}

function integerFrom(least: number, most: number) {
  const isWithin = (v: number): boolean => Number.isInteger(v) && v >= least && v <= most;
  return numberRule(`integer from ${least} to ${most}`, isWithin);
}

export const positiveInteger = numberRule('integer > 0', (v) => Number.isSafeInteger(v) && v > 0);
export const countFromZero = numberRule('integer >= 0', (v) => Number.isSafeInteger(v) && v >= 0);
export const classCount = numberRule('integer > 1', (v) => Number.isSafeInteger(v) && v > 1);
export const seed = integerFrom(0, 0xffffffff);
/** In pixels: beyond what networks are trained at, and before the memory of any machine is full. */
export const imageSide = integerFrom(1, 4096);
/** OpenMP ends the process where the system refuses it a thread. */
export const MOST_THREADS = 1024;
export const threadCount = integerFrom(0, MOST_THREADS);
export const mebibytes = integerFrom(0, 2 ** 30);
/** Of zeros around an image, in pixels. */
export const padding = integerFrom(0, 4096);
export const netWidth = integerFrom(1, 9999);
export const positive = numberRule('number > 0', (v) => v > 0);
export const nonNegative = numberRule('number >= 0', (v) => v >= 0);
export const rate = numberRule('number > 0 and <= 1', (v) => v > 0 && v <= 1);
export const belowOne = numberRule('number >= 0 and < 1', (v) => v >= 0 && v < 1);

/** A number or an integer from `least` to `most`; an infinite end is none. */
export function between(type: 'number' | 'integer', least: number, most: number) {
  const low = least === Number.NEGATIVE_INFINITY ? '' : ` >= ${least}`;
  const high = most === Number.POSITIVE_INFINITY ? '' : ` <= ${most}`;
  return numberRule(
    `${type}${low}${low !== '' && high !== '' ? ' and' : ''}${high}`,
    (v) => v >= least && v <= most && (type === 'number' || Number.isInteger(v)),
  );
}

const SWITCH: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  off: false,
  false: false,
  no: false,
};

export const onOff = z.preprocess(
  (value) => (typeof value === 'string' ? (SWITCH[value.trim().toLowerCase()] ?? value) : value),
  z.boolean({error: 'on or off'}),
);

export function text(expected: string) {
  return z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    z.custom<string>((value) => typeof value === 'string' && value.trim() !== '', {
      error: expected,
    }),
  );
}

export function choice<const T extends readonly [string, ...string[]]>(...names: T) {
  return z.enum(names, {error: listed(names)});
}

/** As `choice`, for names from a table. */
export function oneOf<T extends string>(names: readonly T[]) {
  return z.custom<T>((value) => names.some((name) => name === value), {
    error: listed(names),
  });
}

function listed(names: readonly string[]): string {
  const last = names.length - 1;
  return names.length === 1
    ? String(names[0])
    : `${names.slice(0, last).join(', ')} or ${names[last]}`;
}

function pattern<T extends string>(expected: string, expression: RegExp) {
  return z.custom<T>((value) => typeof value === 'string' && expression.test(value), {
    error: expected,
  });
}

export const deviceName = pattern<'auto' | 'cpu' | 'cuda' | `cuda:${number}`>(
  'auto, cpu, cuda or cuda:N',
  /^(auto|cpu|cuda(:\d+)?)$/,
);
export const modelName = z.custom<string>(isModelName, {error: MODEL_FORMS});

/** "0.5,0.5,0.5", "(0.9, 0.999)" or an array. */
function listFrom(value: unknown): unknown {
  const parts =
    typeof value === 'string'
      ? value
          .replace(/[()[\]]/g, ' ')
          .trim()
          .split(/[\s,]+/)
      : value;
  return Array.isArray(parts) ? parts.map(numberFrom) : value;
}

function isList(value: unknown, length: number, accepts: (v: number) => boolean): boolean {
  return (
    Array.isArray(value) &&
    value.length === length &&
    value.every((v) => typeof v === 'number' && Math.abs(v) <= MOST_FLOAT && accepts(v))
  );
}

type Triple = [number, number, number];

export const channelMeans = z.preprocess(
  listFrom,
  z.custom<Triple>((value) => isList(value, 3, () => true), {
    error: 'three numbers such as 0.4914,0.4822,0.4465',
  }),
);
export const channelDeviations = z.preprocess(
  listFrom,
  z.custom<Triple>((value) => isList(value, 3, (v) => v > 0), {
    error: 'three numbers > 0 such as 0.247,0.243,0.261',
  }),
);
export const epochList = z.preprocess(
  listFrom,
  z.custom<number[]>(
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((v) => Number.isSafeInteger(v) && v > 0),
    {error: 'epochs > 0 such as 100,200,300'},
  ),
);
export const adamBetas = z.preprocess(
  listFrom,
  z.custom<[number, number]>((value) => isList(value, 2, (v) => v >= 0 && v < 1), {
    error: 'two numbers >= 0 and < 1 such as 0.9,0.999',
  }),
);

/** 64 hexadecimal digits, given back in lower case. */
export const sha256 = z.preprocess(
  (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
  z.custom<string>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), {
    error: '64 hexadecimal digits',
  }),
);
