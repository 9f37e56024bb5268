import {interesting, mutateBytes} from './bytes.mjs';

/** Stands for an integer that JSON.stringify would round. */
const exact = (integer) => `\uE010${integer}\uE011`;

const VALUES = [
  ...[0, 1, -1, 2, 3, 7, 8, 10, 64, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53)],
  ...['9223372036854775807', '-9223372036854775809', '1e999', '1'.repeat(400)].map(exact),
  ...[
    '',
    ' ',
    'x',
    '0',
    'NaN',
    'Infinity',
    '__proto__',
    'constructor',
    '../x',
    '/dev/zero',
    'a\0b',
  ],
  ...['\u001b[2J', '\ud800', 'ü'.repeat(100), '-'.repeat(5000), '.', '/'],
  ...[true, false, null, [], {}, [[[[]]]], [null], {x: {}}],
];

/** More are not looked for. */
const MOST_PLACES = 20_000;

/** The values within a value: [where it is, its key]. */
function placesIn(value) {
  const places = [];
  const waiting = [value];
  while (waiting.length > 0 && places.length < MOST_PLACES) {
    const parent = waiting.pop();
    for (const key of Object.keys(parent)) {
      places.push([parent, key]);
      if (typeof parent[key] === 'object' && parent[key] !== null) waiting.push(parent[key]);
    }
  }
  return places;
}

/** Null for what is nested too deeply to be copied. */
function copied(value) {
  try {
    return structuredClone(value);
  } catch {
    return null;
  }
}

function setOwn(parent, key, value) {
  Object.defineProperty(parent, key, {value, writable: true, enumerable: true, configurable: true});
}

const WAYS = [
  (random, parent, key, {words}) => {
    const value = random.chance(0.2) ? random.pick(words) : random.pick(VALUES);
    setOwn(parent, key, copied(value ?? null));
  },
  (random, parent, key, {places}) => {
    const alike = places.filter(([p, k]) => typeof p[k] === typeof parent[key]);
    const [from, name] = random.pick(random.chance(0.7) ? alike : places);
    setOwn(parent, key, copied(from[name]));
  },
  (random, parent, key) => {
    if (typeof parent[key] === 'number') setOwn(parent, key, nearNumber(random, parent[key]));
    else setOwn(parent, key, interesting(random));
  },
  (_, parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  },
  (random, parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 0, copied(parent[key]));
    else setOwn(parent, random.pick(['__proto__', 'x', `${key}.x`, '']), copied(parent[key]));
  },
  (random, parent, key) => {
    if (!Array.isArray(parent) || !random.chance(0.1)) return;
    const value = parent[key];
    const most = 300_000 / (1 + textOf(value).length);
    for (let n = random.below(most); n > 0; n--) parent.push(value);
  },
  (random, parent, key) => {
    const many = random.chance(0.05) ? 20_000 : 70;
    let value = parent[key];
    for (let n = random.below(many); n > 0; n--) value = random.chance(0.9) ? [value] : {x: value};
    setOwn(parent, key, value);
  },
];

function nearNumber(random, value) {
  return random.pick([value + 1, value - 1, -value, value * 2, value / 2, value + 0.5]);
}

/** The value with a few of its parts replaced, exchanged, taken out or doubled; changed in place. */
export function mutateValue(random, value, {words}) {
  for (let n = random.few(5); n > 0; n--) {
    const places = placesIn(value);
    if (places.length === 0) break;
    const leaves = places.filter(([parent, key]) => typeof parent[key] !== 'object');
    const [parent, key] = random.pick(random.chance(0.7) && leaves.length > 0 ? leaves : places);
    random.pick(WAYS)(random, parent, key, {places, words});
  }
}

/** JSON with the integers that stand as texts written in full. */
export function textOf(value) {
  try {
    return JSON.stringify(value).replace(/"\uE010([^"\uE011]*)\uE011"/g, '$1');
  } catch {
    return '['.repeat(5000); // nested deeper than it can be written
  }
}

/** A JSON document with something wrong in it, mostly in its values and now and then in its text. */
export function mutateJson(random, bytes, context) {
  if (random.chance(0.2)) return mutateBytes(random, bytes, context);
  let value;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return mutateBytes(random, bytes, context);
  }
  const root = {value};
  mutateValue(random, root, context);
  return Buffer.from(textOf(root.value) ?? '');
}
