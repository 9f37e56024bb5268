import {relative} from 'node:path';
import {DEFAULT_DEFENSE, defenseTable} from '../lib/defenses/defenses.js';
import {DEFEND_DEFAULTS} from '../lib/options/defaults.js';
import type {UserOptions} from '../lib/options/parse.js';
import type {AttackConfig, DefendConfig, EvaluateConfig} from '../lib/options/types.js';
import type {AttackResult, DefendResult, EvaluateResult} from '../lib/run/results.js';
import type {PurificationVerdict} from '../lib/run/verdict.js';
import {flagName} from './flags.js';
import {painted} from './terminal.js';

// The last lines of a command: what to do next, as commands that work as they stand.

/** What one can do next, and the command that does it. */
export interface NextStep {
  readonly what: string;
  readonly command: string;
}

/** Options that a command of the same data, model and device needs too. */
const CARRIED = [
  ...['data', 'dataset', 'imageSize', 'mean', 'std', 'numClasses', 'testLimit', 'model', 'program'],
  ...['device', 'threads', 'precision'],
] as const;

const PATHS: ReadonlySet<string> = new Set(['ckpt', 'against', 'data', 'program', 'out']);

/** "next: ..." and the command below it, for each step. */
export function nextLines(steps: readonly NextStep[]): string[] {
  return steps.flatMap(({what, command}) => [
    '',
    `next: ${what}`,
    `  $ ${painted('command', command, process.stdout)}`,
  ]);
}

/** Removes what a defense has left of the backdoor, and measures it against the model before it. */
export function afterDefense(
  result: DefendResult,
  config: DefendConfig,
  {interrupted, isSaved}: {readonly interrupted: boolean; readonly isSaved: boolean},
): NextStep[] {
  const {files, verdict} = result;
  const {checkpoint = ''} = files;
  const flags = {ckpt: checkpoint, against: config.ckpt, ...carried(config)};
  return [
    ...(isSaved ? [{what: 'go on with the rounds that are left', command: goingOn(config)}] : []),
    ...(isLeft(verdict) ? againstTheRest(result, config) : []),
    {
      what: interrupted
        ? 'measure the saved weights, which are from the middle of the interrupted round'
        : 'measure both models again',
      command: commandLine('evaluate', flags),
    },
  ];
}

/** The command that goes on with an interrupted defense. */
export function goingOn(config: DefendConfig): string {
  return commandLine('defend', {...givenOf(config), force: false, resume: true});
}

/** Ways to remove what is left of a backdoor: more rounds, where the method has such, and other methods. */
function againstTheRest({completedRounds}: DefendResult, config: DefendConfig): NextStep[] {
  const {ckpt, clean, method} = config;
  const rounds = 2 * completedRounds;
  return [
    ...('rounds' in defenseTable(method) && rounds > 0
      ? [
          {
            what: 'remove the rest of the backdoor with more rounds, in place of this result',
            command: commandLine('defend', {
              ...givenOf(config),
              resume: false,
              rounds,
              force: true,
            }),
          },
        ]
      : []),
    withOtherMethods({ckpt, clean, seeds: config.seed, ...carried(config)}),
  ];
}

function withOtherMethods(flags: UserOptions): NextStep {
  const what = 'see which method removes the backdoor';
  return {what, command: commandLine('compare', flags)};
}

/** Whether a defense has left something of a backdoor. */
function isLeft({state}: PurificationVerdict): boolean {
  return state === 'active' || state === 'weakened';
}

/** The options that are not the method's defaults. */
function givenOf(config: DefendConfig): UserOptions {
  const usual: UserOptions = DEFEND_DEFAULTS[config.method];
  const isUsual = (name: string, value: unknown) =>
    name === 'method'
      ? value === DEFAULT_DEFENSE
      : JSON.stringify(value) === JSON.stringify(usual[name]);
  return Object.fromEntries(
    Object.entries(config).filter(([name, value]) => !isUsual(name, value)),
  );
}

/** Purifies the record of an attack. */
export function afterAttack(
  {record, metrics}: AttackResult,
  {program, data}: Pick<AttackConfig, 'program' | 'data'>,
): NextStep[] {
  if (metrics === null) return [];
  return [
    {
      what: 'purify the victim',
      command: commandLine('defend', {program, ckpt: record, clean: '5pct', data}),
    },
  ];
}

/** Purifies a model that was measured alone, or whose backdoor is not gone. */
export function afterEvaluation(
  {before, verdict}: EvaluateResult,
  config: EvaluateConfig,
): NextStep[] {
  if (verdict !== null && isLeft(verdict)) {
    return [withOtherMethods({ckpt: config.against, clean: '5pct', ...carried(config)})];
  }
  if (before !== null) return [];
  const ckpt = config.ckpt === config.program ? null : config.ckpt;
  const flags = {ckpt, clean: '5pct', ...carried(config)};
  return [{what: 'purify it', command: commandLine('defend', flags)}];
}

/** `sau-native <name>` with flags, quoted for a shell; what is null, false or left out is no flag. */
export function commandLine(name: string, flags: UserOptions): string {
  const words = Object.entries(flags).flatMap(([key, value]) => {
    if (value === null || value === undefined || value === false) return [];
    return value === true ? [flagName(key)] : [flagName(key), quoted(textOf(key, value))];
  });
  return ['sau-native', name, ...words].join(' ');
}

function carried(config: DefendConfig | EvaluateConfig): UserOptions {
  const options: UserOptions = {...config};
  const usual: UserOptions = DEFEND_DEFAULTS.sau;
  const given = CARRIED.filter((key) => options[key] !== usual[key]);
  return Object.fromEntries(given.map((key) => [key, options[key]]));
}

/** Paths below the working directory are shorter without it. */
function textOf(key: string, value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  if (!PATHS.has(key)) return text;
  const short = relative(process.cwd(), text);
  return short === '' || short.startsWith('..') ? text : short;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
