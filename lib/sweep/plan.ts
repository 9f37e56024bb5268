import {normalize} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import {SauError} from '../base/errors.js';
import {FORMAT_NAMES, findKnown} from '../datasets/known.js';
import {DEFENSE_NAMES} from '../defenses/defenses.js';
import {isModelName, MODEL_FORMS} from '../models/names.js';
import {ATTACK_KINDS} from '../options/attacks/attacks.js';
import {nearestName} from '../options/nearest.js';
import {shown, type UserOptions} from '../options/parse.js';

// A plan as people write it -> its parts, with the place of each in the file. What the options mean is in steps.ts.

/** A value of an axis: a name, with or without options. */
export interface PlanEntry {
  readonly name: string;
  readonly options: UserOptions;
  /** Where the plan has it, such as `attacks[1]`. */
  readonly place: string;
}

/** What is combined with each other. An axis that the plan leaves out has no values. */
export interface Axes {
  readonly attacks: readonly PlanEntry[];
  readonly data: readonly PlanEntry[];
  readonly models: readonly PlanEntry[];
  readonly defenses: readonly PlanEntry[];
  /** Records and checkpoints that are there already. */
  readonly victims: readonly PlanEntry[];
  readonly attackSeeds: readonly PlanEntry[];
  readonly defenseSeeds: readonly PlanEntry[];
  /** Shares of the training images that are poisoned. */
  readonly poisonRates: readonly PlanEntry[];
  /** Clean images of the defenses. */
  readonly cleanRatios: readonly PlanEntry[];
  /** Whether a defense has the seed of the attack that made its victim, and no other. */
  readonly isPaired: boolean;
}

/** An axis with values. */
export type Axis = Exclude<keyof Axes, 'isPaired'>;

/** What a rule of `exclude` looks at, and the axes that it means. */
export const RULE_AXES = {
  attack: ['attacks'],
  data: ['data'],
  model: ['models'],
  defense: ['defenses'],
  victim: ['victims'],
  seed: ['attackSeeds', 'defenseSeeds'],
  ratio: ['poisonRates'],
  clean: ['cleanRatios'],
} as const satisfies Readonly<Record<string, readonly Axis[]>>;

export type RuleAxis = keyof typeof RULE_AXES;

/** A value of an axis in a rule: all entries of that name, or the one that has these options as well. */
export interface RuleValue {
  readonly name: string;
  readonly options: UserOptions | null;
}

/** The values that a combination must have to be left out. */
export interface Exclusion {
  readonly values: Readonly<Partial<Record<RuleAxis, readonly RuleValue[]>>>;
  readonly place: string;
}

/** Whether a rule means an entry: the order in which options are written is nothing. */
export function means({name, options}: RuleValue, entry: PlanEntry): boolean {
  if (entry.name !== name) return false;
  return options === null || isDeepStrictEqual(options, entry.options);
}

/** A plan whose form is checked; its options are not yet. */
export interface SweepPlan {
  /** The matrix, then one set of axes for each entry of `include`. */
  readonly matrices: readonly Axes[];
  readonly exclude: readonly Exclusion[];
  /** For every attack that has them. */
  readonly attack: UserOptions;
  /** For every defense that has them. */
  readonly defend: UserOptions;
  /** What a step needs of a machine, by kind of step; the engine says what there is. */
  readonly resources: UserOptions;
  /** Settings of engines, by the engine. */
  readonly engines: UserOptions;
}

const KEYS = [
  ...['attacks', 'data', 'models', 'defenses', 'victims', 'seeds', 'ratios'],
  ...['attack', 'defend', 'include', 'exclude', 'resources', 'engines'],
] as const;
const INCLUDE_KEYS = Object.keys(RULE_AXES) as readonly RuleAxis[];

/** Checks the form of a plan. `plan` is what a file or a program gives. Throws ERR_CONFIG. */
export function parsePlan(plan: unknown): SweepPlan {
  const given = mapAt('the plan', plan);
  refuseUnknown('the plan', Object.keys(given), KEYS);
  const matrix = axesOf(given);
  const include = listAt('include', given.include).map((one, i) =>
    includedAxes(matrix, mapAt(`include[${i}]`, one), `include[${i}]`),
  );
  const matrices = [matrix, ...include];
  if (matrices.every(({attacks, victims}) => attacks.length === 0 && victims.length === 0)) {
    throw planError(
      'attacks or victims in the plan',
      'neither',
      'Write a line such as attacks: [badnet]',
    );
  }
  return {
    matrices,
    exclude: listAt('exclude', given.exclude).map((one, i) =>
      exclusionOf(mapAt(`exclude[${i}]`, one), `exclude[${i}]`, matrices),
    ),
    attack: mapAt('attack', given.attack ?? {}),
    defend: mapAt('defend', given.defend ?? {}),
    resources: mapAt('resources', given.resources ?? {}),
    engines: mapAt('engines', given.engines ?? {}),
  };
}

/** ERR_CONFIG in the grammar of all options, about a place of the plan. */
export function planError(expected: string, received: string, advice = ''): SauError {
  const remedy = advice === '' ? '' : ` ${advice}.`;
  return new SauError('ERR_CONFIG', `Expected ${expected} but received ${received}.${remedy}`);
}

function axesOf(given: UserOptions): Axes {
  const seeds = splitAt('seeds', given.seeds);
  const ratios = splitAt('ratios', given.ratios);
  return {
    attacks: entriesAt('attacks', given.attacks, attackName),
    data: entriesAt('data', given.data, dataName, onePath),
    models: entriesAt('models', given.models, networkName),
    defenses: entriesAt('defenses', given.defenses, defenseName),
    victims: entriesAt('victims', given.victims, textName, onePath),
    attackSeeds: valuesAt(...seeds.attack),
    defenseSeeds: valuesAt(...(seeds.defend ?? seeds.attack)),
    poisonRates: valuesAt(...ratios.attack),
    cleanRatios: valuesAt(...(ratios.defend ?? ['ratios', undefined])),
    isPaired: seeds.defend === null,
  };
}

/** The plan's axes, with those in their places that an entry of `include` names. */
function includedAxes(matrix: Axes, entry: UserOptions, place: string): Axes {
  refuseUnknown(place, Object.keys(entry), INCLUDE_KEYS);
  const at = (axis: RuleAxis) => `${place}.${axis}`;
  const list = (axis: RuleAxis) => (Array.isArray(entry[axis]) ? entry[axis] : [entry[axis]]);
  const entries = (axis: RuleAxis, check: Check, spell?: (name: string) => string) =>
    entriesAt(at(axis), list(axis), check, spell);
  const values = (axis: RuleAxis) => valuesAt(at(axis), list(axis));
  const isVictim = 'victim' in entry;
  return {
    attacks: isVictim ? [] : 'attack' in entry ? entries('attack', attackName) : matrix.attacks,
    data: 'data' in entry ? entries('data', dataName, onePath) : matrix.data,
    models: 'model' in entry ? entries('model', networkName) : matrix.models,
    defenses: 'defense' in entry ? entries('defense', defenseName) : matrix.defenses,
    victims: isVictim ? entries('victim', textName, onePath) : [],
    attackSeeds: 'seed' in entry ? values('seed') : matrix.attackSeeds,
    defenseSeeds: 'seed' in entry ? values('seed') : matrix.defenseSeeds,
    poisonRates: 'ratio' in entry ? values('ratio') : matrix.poisonRates,
    cleanRatios: 'clean' in entry ? values('clean') : matrix.cleanRatios,
    isPaired: 'seed' in entry || matrix.isPaired,
  };
}

function exclusionOf(rule: UserOptions, place: string, matrices: readonly Axes[]): Exclusion {
  refuseUnknown(place, Object.keys(rule), INCLUDE_KEYS);
  if (Object.keys(rule).length === 0) {
    throw planError(
      `names in ${place}`,
      'none',
      'Write a line such as {attack: lc, data: data/cifar10}',
    );
  }
  const values = Object.entries(rule).map(([axis, value]) => {
    const at = `${place}.${axis}`;
    const wanted = (Array.isArray(value) ? value : [value]).map((one) =>
      ruleValueOf(one, axis as RuleAxis, at),
    );
    const entries = matrices.flatMap((matrix) =>
      RULE_AXES[axis as RuleAxis].flatMap((name): readonly PlanEntry[] => matrix[name]),
    );
    for (const one of wanted) {
      if (entries.some((entry) => means(one, entry))) continue;
      const names = entries.map(({name}) => name);
      if (!names.includes(one.name)) {
        throw unknownName(`a value that the plan has for ${at}`, one.name, names);
      }
      const variants = entries.filter(({name}) => name === one.name);
      throw planError(
        `options that an entry of the plan has for ${at}.${one.name}`,
        shown(one.options),
        `There are ${variants.map(({options}) => shown(options)).join(' and ')}`,
      );
    }
    return [axis, wanted] as const;
  });
  return {values: Object.fromEntries(values), place};
}

/** `ft` means all entries of that name; `{ft: {rounds: 5}}` the one with these options, and `{ft: {}}` the one without any. */
function ruleValueOf(value: unknown, axis: RuleAxis, place: string): RuleValue {
  const spell = axis === 'data' || axis === 'victim' ? onePath : (name: string) => name;
  if (typeof value === 'string') return {name: spell(value), options: null};
  if (typeof value === 'number') return {name: String(value), options: null};
  const {name, options} = entryOf(value, place);
  return {name: spell(name), options};
}

type Check = (name: string, place: string) => void;

function entriesAt(
  place: string,
  value: unknown,
  check: Check,
  spell = (name: string): string => name,
): readonly PlanEntry[] {
  return listAt(place, value).map((one, i) => {
    const entry = entryOf(one, `${place}[${i}]`);
    check(entry.name, entry.place);
    return {...entry, name: spell(entry.name)};
  });
}

/** One spelling of a path, so that equal ones are one step: a/b of ./a/b and a/b/. Names stay as they are. */
function onePath(name: string): string {
  const path = normalize(name);
  return path.length > 1 ? path.replace(/[\\/]+$/, '') : path;
}

/** `badnet`, or `blended: {alpha: 0.1}`. */
function entryOf(value: unknown, place: string): PlanEntry {
  if (typeof value === 'string' && value.trim() !== '') return {name: value, options: {}, place};
  const expected = `a name, or one name with a map of options, for ${place}`;
  if (!isMap(value)) throw planError(expected, shown(value));
  const [[name, options] = ['', null], ...others] = Object.entries(value);
  if (name === '' || others.length > 0) throw planError(expected, shown(value));
  return {name, options: mapAt(`${place}.${name}`, options ?? {}), place};
}

/** Numbers or text as they are: each is the value of one option, which is checked with it. */
function valuesAt(place: string, value: unknown): readonly PlanEntry[] {
  return listAt(place, value).map((one, i) => {
    if (typeof one === 'number' || typeof one === 'string') {
      return {name: String(one), options: {}, place: `${place}[${i}]`};
    }
    throw planError(`a number or text for ${place}[${i}]`, shown(one));
  });
}

type Placed = [place: string, value: unknown];

/** `[0, 1]`, or `{attack: [0], defend: [0, 1]}` where attacks and defenses have their own. */
function splitAt(place: string, value: unknown): {attack: Placed; defend: Placed | null} {
  if (!isMap(value)) return {attack: [place, value], defend: null};
  refuseUnknown(place, Object.keys(value), ['attack', 'defend']);
  return {
    attack: [`${place}.attack`, value.attack],
    defend: [`${place}.defend`, value.defend],
  };
}

function listAt(place: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw planError(`a list for ${place}`, shown(value));
}

function mapAt(place: string, value: unknown): UserOptions {
  if (isMap(value)) return value;
  throw planError(`a map of names to values for ${place}`, shown(value));
}

function isMap(value: unknown): value is UserOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function attackName(name: string, place: string): void {
  requireKnown(`an attack for ${place}`, name, ATTACK_KINDS);
}

function defenseName(name: string, place: string): void {
  requireKnown(`a defense for ${place}`, name, DEFENSE_NAMES);
}

/** A known data set or a folder; the names of formats are neither. */
function dataName(name: string, place: string): void {
  if (findKnown(name) !== null || ![...FORMAT_NAMES, 'auto'].includes(name)) return;
  const expected = `the folder of a data set or a known data set for ${place}`;
  throw planError(
    expected,
    name,
    `Write ${place.replace(/\[\d+\]$/, '')}: [{<folder>: {dataset: ${name}}}]`,
  );
}

function networkName(name: string, place: string): void {
  if (isModelName(name) || name.endsWith('.pt2')) return;
  throw planError(`${MODEL_FORMS}, or a program (.pt2), for ${place}`, shown(name));
}

function textName(): void {
  // Any path is a name; whether something is there is seen when it is read.
}

function requireKnown(expected: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) throw unknownName(expected, name, known);
}

function unknownName(expected: string, name: string, known: readonly string[]): SauError {
  const near = nearestName(name, known);
  const all = [...new Set(known)];
  const advice = near === null ? `There are ${all.join(', ') || 'none'}` : `The nearest is ${near}`;
  return planError(expected, shown(name), advice);
}

function refuseUnknown(place: string, names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (!known.includes(name)) throw unknownName(`a known name in ${place}`, name, known);
  }
}
