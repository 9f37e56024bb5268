import {join} from 'node:path';
import type {z} from 'zod';
import type {AttackEntry} from './config/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE, type AttackKind} from './config/attack_table.js';
import {DEFAULTS, DEMO_DEFAULTS, RECIPES, SETUP_DEFAULTS} from './config/defaults.js';
import {optionError, parseOptions, type Spelling, shown, type UserOptions} from './config/parse.js';
import {
  attackSchemaOf,
  defendSchema,
  demoSchema,
  evaluateSchema,
  setupSchema,
} from './config/schemas.js';
import type {
  AttackConfig,
  AttackOptions,
  DataConfig,
  DefendConfig,
  DefendOptions,
  DemoConfig,
  DemoOptions,
  EvaluateConfig,
  EvaluateOptions,
  SetupConfig,
  SetupOptions,
  TrainingAttackConfig,
} from './config/types.js';
import {usualRunOn} from './datasets/known.js';
import type {ScheduleName} from './native/run_contract.js';

export {DEFAULTS, DEMO_DEFAULTS, SETUP_DEFAULTS} from './config/defaults.js';
export type {Spelling, UserOptions} from './config/parse.js';
export type * from './config/types.js';

const asWritten: Spelling = (option) => option;

/**
 * Options of `defend` -> a whole, checked, frozen configuration (specification B1.1). Parsing a
 * configuration again gives the same one. Throws ERR_CONFIG.
 */
export function parseDefendConfig(
  options: DefendOptions | UserOptions,
  spell: Spelling = asWritten,
): DefendConfig {
  const located = locate(options, 'ckpt', 'resultFile', DEFAULTS.defend.recordRoot, spell);
  const config = parse(defendSchema, DEFAULTS.defend, located, spell, ['resultFile']);
  checkNormalization(config, spell);
  return config;
}

/** Options of `attack` -> a whole, checked, frozen configuration (specification B3.1). Throws ERR_CONFIG. */
export function parseAttackConfig(
  options: AttackOptions | UserOptions,
  spell: Spelling = asWritten,
): AttackConfig {
  requireOptions(options);
  const kind = attackKindOf(options.kind, spell);
  const named =
    options.out === undefined && options.saveFolderName === undefined
      ? {...options, saveFolderName: kind}
      : options;
  const located = locate(named, 'out', 'saveFolderName', DEFAULTS.attack.recordRoot, spell);
  const schema = attackSchemaOf(kind);
  const defaults = attackDefaults(kind, options.recipe);
  const config = parse(schema, defaults, located, spell, ['saveFolderName']);
  checkNormalization(config, spell);
  checkAttackMode(config, spell);
  return config;
}

/**
 * The defaults of one attack: those of all attacks, its own, those of its own options, and over them what
 * the recipe says of the training.
 */
export function attackDefaults(kind: AttackKind, recipe?: unknown): UserOptions {
  const {labelModes, defaults, options} = ATTACK_TABLE[kind] as AttackEntry;
  const own = Object.entries(options).map(([name, option]) => [name, option.default]);
  return {
    ...DEFAULTS.attack,
    kind,
    labelMode: labelModes[0],
    ...defaults,
    ...Object.fromEntries(own),
    ...recipeOf(recipe ?? defaults?.recipe),
  };
}

/** Nothing for the reference, and for a name that is no recipe, which the schema refuses. */
function recipeOf(name: unknown): UserOptions {
  return Object.entries<UserOptions>(RECIPES).find(([known]) => known === name)?.[1] ?? {};
}

function attackKindOf(value: unknown, spell: Spelling): AttackKind {
  const kind = ATTACK_KINDS.find((name) => name === value);
  if (kind !== undefined) return kind;
  throw optionError(spell('kind'), `one of ${ATTACK_KINDS.join(', ')}`, shown(value));
}

/** Options of `evaluate` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseEvaluateConfig(
  options: EvaluateOptions | UserOptions,
  spell: Spelling = asWritten,
): EvaluateConfig {
  const located = locate(options, 'ckpt', 'resultFile', DEFAULTS.evaluate.recordRoot, spell);
  const config = parse(evaluateSchema, DEFAULTS.evaluate, located, spell, ['resultFile']);
  checkNormalization(config, spell);
  return config;
}

/** Options of `demo` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseDemoConfig(
  options: DemoOptions | UserOptions,
  spell: Spelling = asWritten,
): DemoConfig {
  return parse(demoSchema, DEMO_DEFAULTS, {...options}, spell);
}

/** Options of `setup` -> a whole, checked, frozen configuration. Throws ERR_CONFIG. */
export function parseSetupConfig(
  options: SetupOptions | UserOptions,
  spell: Spelling = asWritten,
): SetupConfig {
  return parse(setupSchema, SETUP_DEFAULTS, {...options}, spell);
}

/** Rounds to run: the user's, else the data set's default (specification B1.1). */
export function resolveRounds(config: Pick<DefendConfig, 'rounds'>, datasetName: string): number {
  return config.rounds ?? usualRunOn(datasetName).rounds;
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

function parse<T extends object>(
  schema: z.ZodObject & z.ZodType<T>,
  defaults: UserOptions,
  options: UserOptions,
  spell: Spelling,
  aliases: readonly string[] = [],
): T {
  return parseOptions(schema, [...Object.keys(schema.shape), ...aliases], defaults, options, spell);
}

/** Replaces `byName`, the name of a folder under the record root, by the path `byPath`; exactly one must be given. */
function locate(
  options: UserOptions,
  byPath: string,
  byName: string,
  defaultRoot: string,
  spell: Spelling,
): UserOptions {
  requireOptions(options);
  const {[byPath]: path, [byName]: name, ...rest} = options;
  if ((path === undefined) === (name === undefined)) {
    const received = path === undefined ? 'neither' : `both ${shown(path)} and ${shown(name)}`;
    throw optionError('', `exactly one of ${spell(byPath)} and ${spell(byName)}`, received);
  }
  if (name === undefined) {
    return {...rest, [byPath]: path};
  }
  if (typeof name !== 'string' || name.trim() === '') {
    throw optionError(spell(byName), 'the name of a folder under the record root', shown(name));
  }
  const root = typeof rest.recordRoot === 'string' ? rest.recordRoot : defaultRoot;
  return {...rest, [byPath]: join(root, name)};
}

/** Throws ERR_CONFIG where a program gives nothing, or no object. */
function requireOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw optionError('', 'an object of options', shown(options));
}

/** Whether the attack poisons every batch of the training, rather than the images before it. */
export function isTrainingAttack(config: AttackConfig): config is TrainingAttackConfig {
  return (ATTACK_TABLE[config.kind] as AttackEntry).poisons === 'training';
}

/** Throws ERR_CONFIG for options that exclude each other. */
function checkAttackMode(config: AttackConfig, spell: Spelling): void {
  const {kind, poisonOnly, resume, force} = config;
  const both = (a: string, b: string) =>
    optionError('', `at most one of ${spell(a)} and ${spell(b)}`, 'both');
  if (poisonOnly && resume) throw both('poisonOnly', 'resume');
  if (resume && force) throw both('resume', 'force');
  if (!isTrainingAttack(config) || !poisonOnly) return;
  const expected = `an attack that poisons before training for ${spell('poisonOnly')}`;
  throw optionError('', expected, `${kind}, which poisons in every batch of it`);
}

function checkNormalization(config: DataConfig, spell: Spelling): void {
  if ((config.mean === null) !== (config.std === null)) {
    const given = spell(config.mean === null ? 'std' : 'mean');
    throw optionError('', `both or none of ${spell('mean')} and ${spell('std')}`, `only ${given}`);
  }
}
