import {stat} from 'node:fs/promises';
import {basename, extname, resolve} from 'node:path';
import {localPath} from '../base/path_exists.js';
import {SWEEP, SWEEP_REPORT, SWEEP_STEP} from '../options/commands/sweep.js';
import {entriesOf} from '../options/config.js';
import {SWEEP_DEFAULTS, SWEEP_REPORT_DEFAULTS, SWEEP_STEP_DEFAULTS} from '../options/defaults.js';
import type {SweepOptions} from '../options/documented.js';
import {named} from '../options/named.js';
import {readOptionFile} from '../options/official_yaml.js';
import {
  type ConfigOf,
  defaultsOf,
  type OptionTable,
  type TableOf,
  tableOf,
} from '../options/option.js';
import {optionError, parseOptions, shown, type UserOptions} from '../options/parse.js';
import {schemaOf} from '../options/schema.js';
import {sweepFolder} from '../records/layout.js';
import {ENGINE_NAMES, type EngineName, engineOf} from './engines/engines.js';
import type {EngineEntry} from './engines/entry.js';
import {parsePlan, planError, type SweepPlan} from './plan.js';
import {inPlan} from './step_options.js';
import {type SweepStep, stepsOf} from './steps.js';

/** A checked sweep. */
export interface SweepConfig extends Omit<ConfigOf<TableOf<typeof SWEEP>>, 'out'> {
  /** Its folder, absolute. */
  readonly folder: string;
  /** What it is called. */
  readonly name: string;
  /** The plan as it was given. */
  readonly plan: UserOptions;
  readonly steps: readonly SweepStep[];
  /** Of the engine, checked. */
  readonly settings: UserOptions;
  /** What a step needs of a machine, by its kind. */
  readonly resources: Readonly<Record<SweepStep['kind'], UserOptions>>;
}

/** The name of a sweep whose plan is no file. */
const UNNAMED = 'sweep';

/** Options of `sweep`, and its plan -> what is to be done, checked before anything runs. Throws ERR_CONFIG. */
export async function parseSweepConfig(options: SweepOptions): Promise<SweepConfig> {
  const {plan: given, ...rest} = entriesOf(options);
  const parsing = {schema: schemaOf(tableOf(SWEEP)), defaults: SWEEP_DEFAULTS};
  const config = parseOptions(parsing, rest) as ConfigOf<TableOf<typeof SWEEP>>;
  const {plan, name} = await planOf(given);
  const parsed = parsePlan(plan);
  const {out, threads, engine, jobs, wait, apply} = config;
  const settings = settingsOf(parsed, engine, {jobs, wait, apply});
  const resources = resourcesOf(parsed, engineOf(engine));
  const byKind = (kind: SweepStep['kind']) => threads ?? cpusOf(resources[kind]);
  return {
    ...config,
    ...{plan, name, folder: resolve(out ?? sweepFolder(name)), settings, resources},
    steps: stepsOf(parsed, {threads: {attack: byKind('attack'), defend: byKind('defend')}}),
  };
}

/** The cores that a step is given, where its engine gives any: as many threads are of use. */
function cpusOf({cpus}: UserOptions): number {
  return typeof cpus === 'number' ? cpus : 1;
}

/** Options of `sweep step`. Throws ERR_CONFIG. */
export function parseStepConfig(options: object): ConfigOf<TableOf<typeof SWEEP_STEP>> {
  const parsing = {schema: schemaOf(tableOf(SWEEP_STEP)), defaults: SWEEP_STEP_DEFAULTS};
  return parseOptions(parsing, entriesOf(options)) as ConfigOf<TableOf<typeof SWEEP_STEP>>;
}

/** Options of `sweep report`. Throws ERR_CONFIG. */
export function parseSweepReportConfig(options: object): ConfigOf<TableOf<typeof SWEEP_REPORT>> {
  const parsing = {schema: schemaOf(tableOf(SWEEP_REPORT)), defaults: SWEEP_REPORT_DEFAULTS};
  return parseOptions(parsing, entriesOf(options)) as ConfigOf<TableOf<typeof SWEEP_REPORT>>;
}

async function planOf(given: unknown): Promise<{plan: UserOptions; name: string}> {
  if (typeof given === 'string' || given instanceof URL) {
    const path = localPath(given);
    await refusePipe(path);
    const {values} = await readOptionFile(path, named('plan'));
    return {plan: values, name: basename(path, extname(path)) || UNNAMED};
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return {plan: {...given}, name: UNNAMED};
  }
  throw optionError('plan', 'the name of a YAML file, or a plan', shown(given));
}

/** Throws ERR_CONFIG: whoever goes on with a sweep, and a process in the sandbox, reads its plan once more. */
async function refusePipe(path: string): Promise<void> {
  const facts = path === '-' ? null : await stat(path).catch(() => undefined);
  if (facts === undefined || facts?.isFile() || facts?.isDirectory()) return;
  const advice = 'Write the plan into a file: it is read again where the sweep goes on';
  throw optionError('plan', 'the name of a file', `${path}, a pipe or a device`, advice);
}

/** All settings are checked, also those of other engines: a plan is right or wrong as a whole. */
function settingsOf({engines}: SweepPlan, asked: EngineName, call: UserOptions): UserOptions {
  for (const name of Object.keys(engines)) {
    if (ENGINE_NAMES.some((known) => known === name)) continue;
    throw planError(`one of ${ENGINE_NAMES.join(', ')} in engines`, shown(name));
  }
  const checked = ENGINE_NAMES.map((name) => {
    return [name, checkedAt(`engines.${name}`, engineOf(name).settings, engines[name])] as const;
  });
  const settings = checked.find(([name]) => name === asked)?.[1] ?? {};
  const given = Object.entries(call).filter(([, value]) => value !== null);
  for (const [name] of given) {
    if (!(name in settings)) throw optionError('', `an engine that has ${named(name)}`, asked);
  }
  return {...settings, ...Object.fromEntries(given)};
}

/**
 * What a plan says for all steps, and over that what it says for those of a kind: as the settings checked for all
 * engines, of which each takes what it has.
 */
function resourcesOf(
  {resources}: SweepPlan,
  {resources: own}: EngineEntry,
): SweepConfig['resources'] {
  const {attack, defend, ...both} = resources;
  const table: OptionTable = Object.assign(
    {},
    ...ENGINE_NAMES.map((name) => engineOf(name).resources),
  );
  const all = checkedGiven('resources', table, both);
  const of = (kind: string, given: unknown): UserOptions => {
    const merged = {...all, ...checkedGiven(`resources.${kind}`, table, given)};
    const checked = checkedAt(`resources.${kind}`, table, merged);
    return Object.fromEntries(Object.keys(own).map((name) => [name, checked[name]]));
  };
  return {attack: of('attack', attack), defend: of('defend', defend)};
}

function checkedGiven(place: string, table: OptionTable, given: unknown): UserOptions {
  const checked = checkedAt(place, table, given);
  const names = Object.keys(mapOf(place, given));
  return Object.fromEntries(names.map((name) => [name, checked[name]]));
}

function checkedAt(place: string, table: OptionTable, given: unknown): UserOptions {
  const options = mapOf(place, given);
  return inPlan(
    (option) => `${place}.${option}`,
    '',
    () =>
      parseOptions({schema: schemaOf(table), defaults: defaultsOf(table)}, options) as UserOptions,
  );
}

function mapOf(place: string, given: unknown): UserOptions {
  if (given === undefined || given === null) return {};
  if (typeof given === 'object' && !Array.isArray(given)) return given as UserOptions;
  throw planError(`a map of names to values for ${place}`, shown(given));
}
