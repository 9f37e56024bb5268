import {fileURLToPath} from 'node:url';
import {z} from 'zod';
import {isModelName, MODEL_FORMS, type ModelName} from '../models/names.js';
import type {DeviceName, Range} from './option.js';

/**
 * The kinds of value that options have. Text becomes a value here and nowhere else. The message of
 * each rule is what was expected, as a noun: parse.ts makes the sentence around it.
 */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function numberFrom(value: unknown): unknown {
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
}

/** The largest float32, because weights and all that is computed with them are float32. */
export const MOST_FLOAT = 3.4e38;

function isWithin(value: number, {least, above, most, below}: Range): boolean {
  return (
    !(least !== undefined && value < least) &&
    !(above !== undefined && value <= above) &&
    !(most !== undefined && value > most) &&
    !(below !== undefined && value >= below)
  );
}

/** "integer from 0 to 1024", "number >= 0 and < 1", "integer > 0". */
export function rangeText(type: 'number' | 'integer', {least, above, most, below}: Range): string {
  if (type === 'integer' && least !== undefined && most !== undefined) {
    return `integer from ${least} to ${most}`;
  }
  const ends = [
    ...(least === undefined ? [] : [`>= ${least}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(most === undefined ? [] : [`<= ${most}`]),
    ...(below === undefined ? [] : [`< ${below}`]),
  ];
  return [type, ends.join(' and ')].filter((part) => part !== '').join(' ');
}

/** A number, or text that is one, within a range. */
export function within(type: 'number' | 'integer', range: Range) {
  const expected = rangeText(type, range);
  const isTooLarge = (value: unknown) => typeof value === 'number' && Math.abs(value) > MOST_FLOAT;
  const check = (value: unknown) =>
    typeof value === 'number' &&
    !Number.isNaN(value) &&
    !isTooLarge(value) &&
    (type === 'number' || Number.isSafeInteger(value)) &&
    isWithin(value, range);
  const error = ({input}: {input?: unknown}) =>
    isTooLarge(input) ? `${expected} that float32 can hold, up to 3.4e38,` : expected;
  return z.preprocess(numberFrom, z.custom<number>(check, {error}));
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

/** Text or a number as text. */
export function text(expected: string) {
  return z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    z.custom<string>((value) => typeof value === 'string' && value.trim() !== '', {
      error: expected,
    }),
  );
}

/** The path of a `file:` URL, and any other value as it is. */
export function pathOf(value: unknown): unknown {
  return value instanceof URL && value.protocol === 'file:' ? fileURLToPath(value) : value;
}

/** A path, as text or as the URL of a file. */
export function path(expected: string) {
  return z.preprocess(pathOf, text(expected));
}

/** Text, which may be a path or an address. */
export function textOrUrl(expected: string) {
  const asText = (value: unknown) => (value instanceof URL ? String(pathOf(value)) : value);
  return z.preprocess(asText, text(expected));
}

/** One of some names. */
export function oneOf(names: readonly string[]) {
  return z.custom<string>((value) => names.some((name) => name === value), {
    error: listed(names),
  });
}

/** "sau,ft" or an array: at least one of some names, none of them twice. */
export function someOf(names: readonly string[]) {
  const check = (value: unknown) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => names.includes(one)) &&
    new Set(value).size === value.length;
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.trim().split(/[\s,]+/) : value),
    z.custom<string[]>(check, {error: `some of ${names.join(', ')}, each once,`}),
  );
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

export const deviceName = pattern<DeviceName>(
  'auto, cpu, cuda or cuda:N',
  /^(auto|cpu|cuda(:\d+)?)$/,
);
export const modelName = z.custom<ModelName>(isModelName, {error: MODEL_FORMS});

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

/** Numbers, each within the range: `count` of them, or at least one. */
export function numbers(
  expected: string,
  {count, integers, ...range}: Range & {readonly count?: number; readonly integers?: true},
) {
  const accepts = (v: unknown) =>
    typeof v === 'number' &&
    Math.abs(v) <= MOST_FLOAT &&
    (integers !== true || Number.isSafeInteger(v)) &&
    isWithin(v, range);
  const check = (value: unknown) =>
    Array.isArray(value) &&
    (count === undefined ? value.length > 0 : value.length === count) &&
    value.every(accepts);
  return z.preprocess(listFrom, z.custom<number[]>(check, {error: expected}));
}

/** 64 hexadecimal digits, given back in lower case. */
export const sha256 = z.preprocess(
  (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
  z.custom<string>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), {
    error: '64 hexadecimal digits',
  }),
);

/** Pixels of a side, or of height and width, given back as text such as `256` or `256x320`. */
export const sides = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.custom<string>((value) => typeof value === 'string' && areSides(value), {
    error: 'pixels from 1 to 4096 such as 256, or height and width such as 256x320',
  }),
);

function areSides(text: string): boolean {
  const isSide = (side: string) =>
    /^\d{1,4}$/.test(side) && Number(side) >= 1 && Number(side) <= 4096;
  const sides = text.split('x');
  return sides.length <= 2 && sides.every(isSide);
}

const SHARE = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(%|pct)?\s*$/i;

/** A share in [0,1], or text such as `5%`, `5pct` or `0.05`. */
export const share = z.preprocess(
  (value) => {
    const [, digits, percent] = typeof value === 'string' ? (SHARE.exec(value) ?? []) : [];
    if (digits === undefined) return value;
    return percent === undefined ? Number(digits) : Number(digits) / 100;
  },
  z.custom<number>((value) => typeof value === 'number' && value >= 0 && value <= 1, {
    error: 'a share from 0 to 1 such as 5% or 0.05',
  }),
);

const UNITS: Readonly<Record<string, number>> = {
  ...{b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40},
  ...{kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12},
};

/** A number of bytes, or text such as `4GiB`, given back as whole bytes. */
export const bytes = z.preprocess(
  bytesFrom,
  z.custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= 0, {
    error: 'a number of bytes with a unit such as 4GiB or 500MB',
  }),
);

function bytesFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const [, count, unit = 'b'] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b)?\s*$/i.exec(value) ?? [];
  const size = UNITS[unit.toLowerCase()];
  return count === undefined || size === undefined ? value : Math.floor(Number(count) * size);
}

const SECONDS: Readonly<Record<string, number>> = {h: 3600, m: 60, s: 1};

/** Seconds, or text such as `90s`, `30m` or `1h30m`, given back as seconds. */
export const duration = z.preprocess(
  durationFrom,
  z.custom<number>((value) => typeof value === 'number' && value > 0 && Number.isFinite(value), {
    error: 'a duration > 0 such as 90s, 30m or 2h',
  }),
);

function durationFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  if (!/^(\d+(\.\d+)?[hms])+$/.test(text)) return numberFrom(value);
  return [...text.matchAll(/([\d.]+)([hms])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );
}
