import {SauError} from '../base/errors.js';
import {findKnown} from '../datasets/known.js';
import {DEFENSE_NAMES, type DefenseName, defenseTable} from '../defenses/defenses.js';
import type {AttackEntry} from '../options/attacks/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE, type AttackKind} from '../options/attacks/attacks.js';
import {presetOf} from '../options/commands/presets.js';
import {parseAttackConfig, parseDefendConfig} from '../options/config.js';
import {attackDefaults, DEFEND_DEFAULTS} from '../options/defaults.js';
import type {Spelling} from '../options/named.js';
import type {OptionTable} from '../options/option.js';
import {shown, type UserOptions} from '../options/parse.js';
import {optionsOfAttack, optionsOfDefense, optionsOfRun} from '../options/tables.js';
import {folderToPoison} from '../simulation/opened_attack.js';
import type {Axis, PlanEntry, SweepPlan} from './plan.js';
import {planError} from './plan.js';

/** One value of each axis that has any. */
export type Combination = Readonly<Partial<Record<Axis, PlanEntry>>>;

/** Options that a part of the plan gives; later ones win. */
interface Layer {
  /** Where the plan has them. */
  readonly place: string;
  readonly options: UserOptions;
  /** Whether the place is itself the value of the one option. */
  readonly isValue?: true;
}

/** What the sweep itself decides. */
const OF_SWEEP = {
  attack: ['kind', 'out', 'saveFolderName', 'recordRoot', 'force', 'resume', 'poisonOnly', 'seed'],
  defend: [
    'method',
    'ckpt',
    'resultFile',
    'out',
    'recordRoot',
    'force',
    'resume',
    'report',
    'seed',
  ],
} as const;

/** Options of an entry of `data` that its defenses have as well: a record does not tell them. */
const ALSO_OF_DEFENSES = ['testLimit', 'dataMemory'] as const;

/** Stands for the folder that a step gets where its options are checked. */
const SOME_FOLDER = 'folder';

/** Checks the options of steps. What differs in its seed alone is checked once. */
export class StepOptions {
  readonly #plan: SweepPlan;
  readonly #base: Readonly<Record<keyof typeof OF_SWEEP, Layer>>;
  readonly #attackTables: OptionTable;
  readonly #defenseTables: OptionTable;
  readonly #sharedBy = new Map<string, UserOptions>();
  readonly #checked = new Map<string, UserOptions>();

  /** @param threads CPU threads of steps whose options do not say, for all or by kind */
  constructor(plan: SweepPlan, threads: number | Readonly<Record<keyof typeof OF_SWEEP, number>>) {
    this.#plan = plan;
    const {attack, defend} =
      typeof threads === 'number' ? {attack: threads, defend: threads} : threads;
    const layer = (count: number): Layer => {
      return {place: 'threads', options: {threads: count}, isValue: true};
    };
    this.#base = {attack: layer(attack), defend: layer(defend)};
    const names = (axis: 'attacks' | 'defenses') =>
      plan.matrices.flatMap((matrix) => matrix[axis].map(({name}) => name));
    const planned = <Name extends string>(known: readonly Name[], axis: 'attacks' | 'defenses') =>
      known.filter((name) => names(axis).includes(name));
    this.#attackTables = Object.assign({}, ...planned(ATTACK_KINDS, 'attacks').map(attackTable));
    this.#defenseTables = Object.assign(
      {},
      ...planned(DEFENSE_NAMES, 'defenses').map(defenseTable),
    );
  }

  /** The options of an attack that differ from its defaults. Throws ERR_CONFIG. */
  ofAttack({attacks, data, models, poisonRates, attackSeeds}: Combination): UserOptions {
    const kind = attacks?.name as AttackKind;
    const layers: readonly Layer[] = [
      this.#base.attack,
      {place: 'attack', options: this.#shared('attack', kind)},
      ...entryLayers(data, (name) => (findKnown(name) === null ? {data: name} : {dataset: name})),
      ...entryLayers(models, networkOf),
      ...valueLayer(poisonRates, 'poisonRate'),
      ...entryLayers(attacks, () => ({})),
    ];
    const where = [attacks, data, models];
    return this.#withSeed(attackSeeds, layers, where, 'attack', (options) => {
      const config = parseAttackConfig({...options, kind, out: SOME_FOLDER});
      return {kind, ...changed(config, attackDefaults(kind, config.recipe), OF_SWEEP.attack)};
    });
  }

  /**
   * The options of a defense that differ from its defaults.
   * @param attack Those of the attack that makes its victim; null for a victim that the plan gives
   */
  ofDefense(
    {defenses, data, victims, cleanRatios, defenseSeeds, attackSeeds}: Combination,
    attack: UserOptions | null,
  ): UserOptions {
    const method = defenses?.name as DefenseName;
    const layers: readonly Layer[] = [
      this.#base.defend,
      {place: 'defend', options: this.#shared('defend', method)},
      ...(attack === null ? [] : [imagesOf(attack, data)]),
      ...valueLayer(cleanRatios, 'clean'),
      ...entryLayers(victims, () => ({})),
      ...entryLayers(defenses, () => ({})),
    ];
    const seed = defenseSeeds ?? attackSeeds;
    const ckpt = victims?.name ?? SOME_FOLDER;
    return this.#withSeed(seed, layers, [defenses, victims, data], 'defend', (options) => {
      const config = parseDefendConfig({...options, method, ckpt});
      const defaults = {...DEFEND_DEFAULTS[method], ...presetOf(config.preset, method)};
      const given = victims === undefined ? {} : {ckpt};
      return {method, ...given, ...changed(config, defaults, OF_SWEEP.defend)};
    });
  }

  /** What the plan gives to all steps of a kind, as far as one method has it. */
  #shared(kind: keyof typeof OF_SWEEP, name: string): UserOptions {
    const key = `${kind} ${name}`;
    const known = this.#sharedBy.get(key);
    if (known !== undefined) return known;
    const options =
      kind === 'attack'
        ? having(this.#plan.attack, optionsOfAttack(name as AttackKind), this.#attackTables)
        : having(this.#plan.defend, optionsOfDefense(name as DefenseName), this.#defenseTables);
    this.#sharedBy.set(key, options);
    return options;
  }

  #withSeed(
    seed: PlanEntry | undefined,
    layers: readonly Layer[],
    where: readonly (PlanEntry | undefined)[],
    kind: keyof typeof OF_SWEEP,
    check: (options: UserOptions) => UserOptions,
  ): UserOptions {
    refuseOwn(layers, kind);
    const options: UserOptions = Object.assign({}, ...layers.map((layer) => layer.options));
    const names = where.map((entry) => entry?.name ?? '');
    const key = JSON.stringify([kind, names, options]);
    const table = optionsOfRun(kind, names[0] ?? ''); // the method comes first
    const checked =
      this.#checked.get(key) ??
      placed({layers, where, kind, table}, () => check({...options, seed: 0}));
    this.#checked.set(key, checked);
    return {...checked, seed: seedOf(seed)};
  }
}

function attackTable(kind: AttackKind): OptionTable {
  const {options}: AttackEntry = ATTACK_TABLE[kind];
  return options;
}

/** Of options for all those that this one has, and those that none of the plan has, which the check refuses. */
function having(options: UserOptions, own: OptionTable, ofOthers: OptionTable): UserOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => name in own || !(name in ofOthers)),
  );
}

function entryLayers(
  entry: PlanEntry | undefined,
  byName: (name: string) => UserOptions,
): readonly Layer[] {
  if (entry === undefined) return [];
  const {name, options, place} = entry;
  return [
    {place, options: byName(name), isValue: true},
    {place: `${place}.${name}`, options},
  ];
}

function valueLayer(entry: PlanEntry | undefined, option: string): readonly Layer[] {
  return entry === undefined
    ? []
    : [{place: entry.place, options: {[option]: entry.name}, isValue: true}];
}

function networkOf(name: string): UserOptions {
  return name.endsWith('.pt2') ? {program: name} : {model: name};
}

/** Where the images of a victim and its network are. */
function imagesOf(attack: UserOptions, data: PlanEntry | undefined): Layer {
  const dataset = attack.dataset ?? 'auto';
  const folder = folderToPoison({
    data: attack.data ?? null,
    dataset,
  } as Parameters<typeof folderToPoison>[0]);
  const also = ALSO_OF_DEFENSES.flatMap((name) =>
    data?.options[name] === undefined ? [] : [[name, data.options[name]]],
  );
  return {
    place: data?.place ?? 'attack',
    options: {
      data: folder,
      ...(dataset === 'auto' ? {} : {dataset}),
      ...(attack.program === undefined ? {} : {program: attack.program}),
      ...Object.fromEntries(also),
    },
  };
}

/** What of a whole configuration is not as it is by default. */
function changed(
  config: Readonly<Record<string, unknown>>,
  defaults: UserOptions,
  without: readonly string[],
): UserOptions {
  const isSame = (name: string) => JSON.stringify(config[name]) === JSON.stringify(defaults[name]);
  const names = Object.keys(config).filter((name) => !without.includes(name) && !isSame(name));
  return Object.fromEntries(names.sort().map((name) => [name, config[name]]));
}

function seedOf(entry: PlanEntry | undefined): number {
  if (entry === undefined) return 0;
  const seed = Number(entry.name);
  if (entry.name.trim() !== '' && Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff)
    return seed;
  throw planError(`integer from 0 to 4294967295 for ${entry.place}`, shown(entry.name));
}

function refuseOwn(layers: readonly Layer[], kind: keyof typeof OF_SWEEP): void {
  for (const {place, options, isValue} of layers) {
    if (isValue) continue;
    const name = OF_SWEEP[kind].find((one) => one in options);
    if (name === undefined) continue;
    const advice = name === 'seed' ? 'Give seeds in the plan' : 'The sweep sets it';
    throw planError(`no ${place}.${name}`, shown(options[name]), advice);
  }
}

/** Where a plan has options of a step, and which there are. */
interface Placed {
  readonly layers: readonly Layer[];
  readonly where: readonly (PlanEntry | undefined)[];
  readonly kind: keyof typeof OF_SWEEP;
  readonly table: OptionTable;
}

/** Lets an error about options say where the plan has them, and in which combination. */
function placed<T>({layers, where, kind, table}: Placed, work: () => T): T {
  // What the plan does not have belongs beside the name that is unknown, else where all steps have it.
  const wrong = layers.find(
    ({options, isValue}) => !isValue && Object.keys(options).some((name) => !(name in table)),
  );
  const usual = wrong?.place ?? kind;
  const spell = (option: string): string => {
    if (OF_SWEEP[kind].some((name) => name === option)) return option;
    const layer = layers.findLast(({options}) => option in options);
    return layer?.isValue ? layer.place : `${layer?.place ?? usual}.${option}`;
  };
  const entries = where.flatMap((entry) =>
    entry === undefined ? [] : [`${entry.place} ${entry.name}`],
  );
  return inPlan(spell, entries.join(', '), work);
}

/** Does work whose errors name options, which the plan has at the places that `spell` tells. */
export function inPlan<T>(spell: Spelling, where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SauError)) throw error;
    const {code, cause, details} = error;
    const place = where === '' ? 'In the plan' : `In the plan, ${where}`;
    throw new SauError(code, `${place}: ${error.messageIn(spell)}`, {cause, details});
  }
}
