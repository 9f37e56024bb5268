// Programs with something wrong in them, drawn from a seed.
import {generator} from './generator.js';
import {makeZip, readZip} from './raw_zip.js';

type Random = () => number;

const pick = <T>(random: Random, items: readonly T[]): T | undefined =>
  items[Math.floor(random() * items.length)];

/** Integers that JSON.stringify would round stand in a text with this mark. */
const exact = (integer: string): string => `\uE010${integer}\uE011`;
const VALUES: readonly unknown[] = [
  ...[0, 1, -1, 2, 3, 5, 7, 8, 10, 16, 17, 64, 1000, 65_536, 0.5, -1e30, 1e308],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, -(2 ** 31)],
  ...[exact('9223372036854775807'), exact('-9223372036854775808'), exact('18446744073709551616')],
  ...['', 'x', 'NaN', 'Infinity', 'default', '__proto__', 'torch.ops.aten.relu_.default'],
  ...[true, false, null, [], {}, [[[]]]],
];

interface Place {
  readonly parent: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** All values within a value, and where they are. */
function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return places;
  const parent = value as Record<string, unknown>;
  for (const [key, child] of Object.entries(parent)) {
    places.push({parent, key});
    placesIn(child, places);
  }
  return places;
}

const valueAt = ({parent, key}: Place): unknown => (parent as Record<string, unknown>)[key];

/** A JSON text with a few values replaced, exchanged, taken out or doubled. */
function mutatedJson(text: string, random: Random): string {
  const json: unknown = JSON.parse(text);
  const {graph_module: module} = json as {graph_module?: {graph?: {nodes?: unknown}}};
  // What nodes are given is where most of the checks are.
  const within = random() < 0.6 ? (module?.graph?.nodes ?? json) : json;
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const places = placesIn(within);
    const leaves = places.filter((place) => typeof valueAt(place) !== 'object');
    const place = pick(random, random() < 0.8 ? leaves : places);
    if (place === undefined) break;
    const parent = place.parent as Record<string, unknown>;
    const way = random();
    if (way < 0.45) parent[place.key] = pick(random, VALUES);
    else if (way < 0.75) {
      const alike = leaves.filter((other) => typeof valueAt(other) === typeof valueAt(place));
      const other = pick(random, alike.length > 0 ? alike : leaves);
      parent[place.key] = other === undefined ? null : structuredClone(valueAt(other));
    } else if (way < 0.9 && Array.isArray(place.parent)) {
      place.parent.splice(Number(place.key), 1);
    } else if (Array.isArray(place.parent)) {
      place.parent.push(structuredClone(valueAt(place)));
    } else delete parent[place.key];
  }
  return JSON.stringify(json).replace(/"\uE010(-?\d+)\uE011"/g, '$1');
}

/** Copies of a program, each with something wrong; endless. */
export async function* mutations(path: string, seed: number): AsyncGenerator<Buffer> {
  const random = generator(seed);
  const entries = await readZip(path);
  const texts = [...entries.keys()].filter((name) => name.endsWith('.json'));
  for (;;) {
    const changed = new Map<string, Buffer | string>(entries);
    const way = random();
    if (way < 0.85) {
      const name =
        (way < 0.7 ? texts.find((text) => text.endsWith('model.json')) : undefined) ??
        pick(random, texts) ??
        '';
      changed.set(name, mutatedJson(String(entries.get(name)), random));
    } else if (way < 0.9) {
      changed.delete(pick(random, [...entries.keys()]) ?? '');
    }
    const bytes = makeZip([...changed].map(([name, data]) => ({name, data})));
    for (let n = way < 0.9 ? 0 : 1 + Math.floor(random() * 4); n > 0; n--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    yield way < 0.99 ? bytes : bytes.subarray(0, Math.floor(random() * bytes.length));
  }
}
