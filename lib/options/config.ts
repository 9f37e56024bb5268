import {join} from 'node:path';
import type {SauError} from '../base/errors.js';
import {FETCHED_NAMES, usualRunOn} from '../datasets/known.js';
import {
  DEFAULT_DEFENSE,
  DEFENSE_NAMES,
  type DefenseName,
  defenseOf,
  defenseTable,
} from '../defenses/defenses.js';
import type {ScheduleName} from '../native/run_contract.js';
import type {AttackEntry} from './attacks/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE} from './attacks/attacks.js';
import {DEFAULT_MODEL} from './commands/attack.js';
import {DEMO, EVALUATE, FETCH, INSPECT_DATASET, REPORT, SETUP} from './commands/commands.js';
import {presetOf} from './commands/presets.js';
import {SCAN} from './commands/scan.js';
import {
  attackDefaults,
  DEFEND_DEFAULTS,
  DEMO_DEFAULTS,
  EVALUATE_DEFAULTS,
  FETCH_DEFAULTS,
  INSPECT_DATASET_DEFAULTS,
  REPORT_DEFAULTS,
  SETUP_DEFAULTS,
  scanDefaults,
} from './defaults.js';
import {named} from './named.js';
import {tableOf} from './option.js';
import {type Foreign, optionError, parseOptions, shown, type UserOptions} from './parse.js';
import {oneOf, pathOf} from './rules.js';
import {schemaOf} from './schema.js';
import {optionsOfAttack, optionsOfDefense} from './tables.js';
import type {
  AttackConfig,
  DataConfig,
  DefendConfig,
  DemoConfig,
  EvaluateConfig,
  FetchConfig,
  InspectDatasetConfig,
  ReportConfig,
  ScanConfig,
  SetupConfig,
  TrainingAttackConfig,
} from './types.js';

/**
 * Options of `defend` -> a whole, checked, frozen configuration (specification B1.1). Parsing a
 * configuration again gives the same one. Throws ERR_CONFIG.
 */
export function parseDefendConfig(options: object): DefendConfig {
  const given = entriesOf(options);
  const method = nameOf('method', DEFENSE_NAMES, given.method ?? DEFAULT_DEFENSE);
  const table = optionsOfDefense(method);
  const config = parseOptions(
    {
      schema: schemaOf(table).extend({method: oneOf([method])}),
      defaults: {...DEFEND_DEFAULTS[method], ...presetOf(given.preset, method)},
      aliases: ['resultFile'],
      foreign: (name) => ofOtherDefenses(name, method),
    },
    locate(withProgram(given), 'ckpt', 'resultFile', DEFEND_DEFAULTS[method].recordRoot),
  ) as DefendConfig;
  checkNormalization(config);
  checkProgram(config);
  checkRounds(config);
  checkResume(config);
  checkArchitecture(config);
  defenseOf(method).check?.(config);
  if (config.writeProgram && config.program === null) {
    throw optionError('', `${named('program')} beside ${named('writeProgram')}`, 'none');
  }
  return config;
}

/** What to say of an option that only other methods have. */
function ofOtherDefenses(name: string, method: DefenseName): Foreign | null {
  const others = DEFENSE_NAMES.filter((other) => name in defenseTable(other));
  if (others.length === 0) return null;
  const owners =
    others.length < 3
      ? others.join(' and ')
      : `${others.slice(0, -1).join(', ')} and ${others.at(-1)}`;
  return {
    expected: `an option of ${method}`,
    hint: `, which belongs to ${owners}. Leave it out, or set ${named('method')} to ${others[0]}`,
  };
}

/** Options of `attack` -> a whole, checked, frozen configuration (specification B3.1). Throws ERR_CONFIG. */
export function parseAttackConfig(options: object): AttackConfig {
  const given = entriesOf(options);
  const kind = nameOf('kind', ATTACK_KINDS, given.kind);
  const {labelModes}: AttackEntry = ATTACK_TABLE[kind];
  const isPlaced = given.out !== undefined || given.saveFolderName !== undefined;
  const placed = isPlaced ? given : {...given, saveFolderName: kind};
  const defaults = attackDefaults(kind, given.recipe);
  const config = parseOptions(
    {
      schema: schemaOf(optionsOfAttack(kind)).extend({
        kind: oneOf([kind]),
        labelMode: oneOf(labelModes),
      }),
      defaults,
      aliases: ['saveFolderName'],
    },
    locate(placed, 'out', 'saveFolderName', String(defaults.recordRoot)),
  ) as AttackConfig;
  checkNormalization(config);
  checkProgram(config);
  checkAttackMode(config);
  const {model, program} = config;
  return program === null ? Object.freeze({...config, model: model ?? DEFAULT_MODEL}) : config;
}

/** Options of `evaluate` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseEvaluateConfig(options: object): EvaluateConfig {
  const config = parseOptions(
    {
      schema: schemaOf(tableOf(EVALUATE)),
      defaults: EVALUATE_DEFAULTS,
      aliases: ['resultFile'],
    },
    locate(withProgram(entriesOf(options)), 'ckpt', 'resultFile', EVALUATE_DEFAULTS.recordRoot),
  ) as EvaluateConfig;
  checkNormalization(config);
  checkProgram(config);
  if (config.maxAccDrop !== null && config.against === null) {
    throw optionError('', `${named('against')} beside ${named('maxAccDrop')}`, 'none');
  }
  return config;
}

/** Options of `scan` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseScanConfig(options: object): ScanConfig {
  const given = entriesOf(options);
  const defaults = scanDefaults(given.preset);
  const config = parseOptions(
    {schema: schemaOf(tableOf(SCAN)), defaults, aliases: ['resultFile']},
    locate(withProgram(given), 'ckpt', 'resultFile', String(defaults.recordRoot)),
  ) as ScanConfig;
  checkNormalization(config);
  checkProgram(config);
  const imageless = config.statistics?.every((name) => name === 'mmbd') ?? true;
  if (!config.dataFree || imageless) return config;
  const others = config.statistics?.filter((name) => name !== 'mmbd').join(',') ?? '';
  throw optionError('', `only mmbd in ${named('statistics')} with ${named('dataFree')}`, others);
}

/** Options of `demo` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseDemoConfig(options: object): DemoConfig {
  const parsing = {schema: schemaOf(tableOf(DEMO)), defaults: DEMO_DEFAULTS};
  return parseOptions(parsing, entriesOf(options)) as DemoConfig;
}

/** Options of `fetchDataset` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseFetchConfig(options: object): FetchConfig {
  const given = entriesOf(options);
  const dataset = nameOf('dataset', FETCHED_NAMES, given.dataset);
  const schema = schemaOf(tableOf(FETCH)).extend({dataset: oneOf([dataset])});
  return parseOptions({schema, defaults: FETCH_DEFAULTS}, given) as FetchConfig;
}

/** Options of `inspectDataset` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseInspectDatasetConfig(options: object): InspectDatasetConfig {
  const parsing = {
    schema: schemaOf(tableOf(INSPECT_DATASET)),
    defaults: INSPECT_DATASET_DEFAULTS,
  };
  const config = parseOptions(parsing, entriesOf(options)) as InspectDatasetConfig;
  const {preview} = config;
  if (preview === null || preview.toLowerCase().endsWith('.png')) return config;
  throw optionError('preview', 'the name of a PNG file to write', shown(preview));
}

/** Options of `report` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseReportConfig(options: object): ReportConfig {
  const parsing = {schema: schemaOf(tableOf(REPORT)), defaults: REPORT_DEFAULTS};
  const config = parseOptions(parsing, entriesOf(options)) as ReportConfig;
  if (config.out === null || /\.html?$/i.test(config.out)) return config;
  throw optionError('out', 'the name of an HTML file', shown(config.out));
}

/** Options of `setup` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseSetupConfig(options: object): SetupConfig {
  const parsing = {schema: schemaOf(tableOf(SETUP)), defaults: SETUP_DEFAULTS};
  return parseOptions(parsing, entriesOf(options)) as SetupConfig;
}

/** Rounds to run: the user's, else the data set's default (specification B1.1). */
export function resolveRounds(
  config: Pick<DefendConfig, 'method'> & {readonly rounds?: number | null},
  datasetName: string,
): number {
  const {method} = config;
  const own = defenseOf(method).rounds?.(config);
  if (own !== undefined) return own;
  const {rounds = null} = config;
  if (rounds !== null) return rounds;
  const {rounds: option} = defenseTable(method);
  if (option?.type !== 'integer' || option.byDataset === undefined) {
    throw new TypeError(`${method} has no default of rounds`);
  }
  return usualRunOn(datasetName)[option.byDataset];
}

/**
 * The parts of the victim's training whose default depends on the data set (specification B3.1):
 * the schedule lasts as long as the training, except the reference's cosine, which has a length of its own.
 */
export function resolveTraining(
  config: Pick<AttackConfig, 'recipe' | 'epochs' | 'schedule' | 'scheduleLength' | 'flip'>,
  datasetName: string,
): {epochs: number; schedule: ScheduleName; scheduleLength: number; flip: boolean} {
  const usual = usualRunOn(datasetName);
  const epochs = config.epochs ?? usual.epochs;
  const schedule = config.schedule ?? usual.schedule;
  const isReference = config.recipe === 'reference' && schedule === 'cosine';
  return {
    epochs,
    schedule,
    scheduleLength: config.scheduleLength ?? (isReference ? usual.cosineEpochs : null) ?? epochs,
    flip: config.flip ?? usual.flip,
  };
}

/** Throws ERR_CONFIG for what is none of the names. */
function nameOf<Name extends string>(option: string, names: readonly Name[], value: unknown): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw optionError(option, `one of ${names.join(', ')}`, shown(value));
}

/** A program has weights of its own, which are those of a run without a checkpoint. */
export function withProgram(options: UserOptions): UserOptions {
  const {ckpt, resultFile, program} = options;
  const takesOwn = ckpt === undefined && resultFile === undefined;
  return takesOwn && typeof pathOf(program) === 'string' ? {...options, ckpt: program} : options;
}

function checkProgram({program, model}: {program: string | null; model: string | null}): void {
  if (program === null || model === null) return;
  throw optionError('', `at most one of ${named('program')} and ${named('model')}`, 'both');
}

/**
 * Replaces `byName`, the name of a folder under the record root, by the path `byPath`; exactly one must be given. Only
 * where the model is read can both be missing, and there a program may stand in.
 */
export function locate(
  options: UserOptions,
  byPath: string,
  byName: string,
  defaultRoot: string,
): UserOptions {
  const {[byPath]: path, [byName]: name, ...rest} = options;
  if ((path === undefined) === (name === undefined)) {
    if (path === undefined) {
      throw optionError('', `${named(byPath)}, ${named(byName)} or ${named('program')}`, 'none');
    }
    const received = `both ${shown(path)} and ${shown(name)}`;
    throw optionError('', `exactly one of ${named(byPath)} and ${named(byName)}`, received);
  }
  if (name === undefined) {
    return {...rest, [byPath]: path};
  }
  if (typeof name !== 'string' || name.trim() === '') {
    throw optionError(byName, 'the name of a folder under the record root', shown(name));
  }
  const given = pathOf(rest.recordRoot);
  const root = typeof given === 'string' ? given : defaultRoot;
  return {...rest, [byPath]: join(root, name)};
}

/** Throws ERR_CONFIG if a program gives nothing or not an object. */
export function entriesOf(options: unknown): UserOptions {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
    return {...options};
  }
  throw optionError('', 'an object of options', shown(options));
}

/** Whether the attack poisons every training batch instead of the images before training. */
export function isTrainingAttack(config: AttackConfig): config is TrainingAttackConfig {
  return (ATTACK_TABLE[config.kind] as AttackEntry).poisons === 'training';
}

/** To go on with what was interrupted and to forget it exclude each other. Throws ERR_CONFIG. */
function checkResume({resume, force}: {readonly resume: boolean; readonly force: boolean}): void {
  if (resume && force) throw both('resume', 'force');
}

function both(a: string, b: string): SauError {
  return optionError('', `at most one of ${named(a)} and ${named(b)}`, 'both');
}

/** Throws ERR_CONFIG for options that exclude each other. */
function checkAttackMode(config: AttackConfig): void {
  const {kind, poisonOnly, resume, program} = config;
  if (poisonOnly && resume) throw both('poisonOnly', 'resume');
  checkResume(config);
  if (program !== null && (ATTACK_TABLE[kind] as AttackEntry).needsFreshModel) {
    const expected = `a known architecture for ${named('model')}`;
    throw optionError(
      '',
      expected,
      `${named('program')}, which ${kind} cannot make its trigger with`,
    );
  }
  if (!isTrainingAttack(config) || !poisonOnly) return;
  const expected = `an attack that poisons before training for ${named('poisonOnly')}`;
  throw optionError('', expected, `${kind}, which poisons in every batch of it`);
}

/** Throws ERR_CONFIG for what ends rounds early beside a method that has none. */
function checkRounds({method, timeBudget, patience}: DefendConfig): void {
  if (defenseOf(method).rounds === undefined) return;
  const given = timeBudget !== null ? 'timeBudget' : patience > 0 ? 'patience' : null;
  if (given === null) return;
  throw optionError('', `a method with rounds for ${named(given)}`, `${method}, which has none`);
}

/** Throws ERR_CONFIG for a program beside a method that changes the network. */
function checkArchitecture({method, program}: DefendConfig): void {
  if (program === null || defenseOf(method).network === undefined) return;
  throw optionError(
    '',
    `a known architecture for ${named('model')}`,
    `${named('program')}, whose network ${method} cannot change`,
  );
}

function checkNormalization(config: Pick<DataConfig, 'mean' | 'std'>): void {
  if ((config.mean === null) !== (config.std === null)) {
    const given = named(config.mean === null ? 'std' : 'mean');
    throw optionError('', `both or none of ${named('mean')} and ${named('std')}`, `only ${given}`);
  }
}
