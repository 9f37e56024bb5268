import {expect, it} from 'vitest';
import {exactJson, parseExactJson} from '../../../lib/records/exact_json.js';

it('gives back infinities, NaN and -0 wherever they are, and all else as JSON does', () => {
  const value = {
    ...{a: [Number.POSITIVE_INFINITY, -0, 0, 0.1 + 0.2], b: {c: Number.NaN, d: null}},
    e: Number.NEGATIVE_INFINITY,
    f: 'Infinity',
  };
  expect(parseExactJson(exactJson(value))).toEqual(value);
  expect(exactJson({a: 1, b: ['x', null]})).toBe('{"a":1,"b":["x",null]}');
});

it('is undefined of a text that is none', () => {
  expect(parseExactJson('{"a":')).toBeUndefined();
});
