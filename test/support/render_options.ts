// What is written out from the tables of lib/options: the documented types of what programs give, and
// docs/options.md. `npm run options` writes both; generated.test.ts holds them equal to the tables.
import {flagName} from '../../bin/flags.js';
import {FETCHED_NAMES} from '../../lib/datasets/known.js';
import {DEFENSE_NAMES, defenseOf, defenseTable} from '../../lib/defenses/defenses.js';
import type {AttackEntry} from '../../lib/options/attacks/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE} from '../../lib/options/attacks/attacks.js';
import {ATTACK} from '../../lib/options/commands/attack.js';
import {
  DEMO,
  EVALUATE,
  FETCH,
  INSPECT_DATASET,
  REPORT,
  SETUP,
} from '../../lib/options/commands/commands.js';
import {DATA, DEVICE} from '../../lib/options/commands/common.js';
import {COMPARE} from '../../lib/options/commands/compare.js';
import {DEFEND} from '../../lib/options/commands/defend.js';
import {SCAN} from '../../lib/options/commands/scan.js';
import {SWEEP, SWEEP_REPORT} from '../../lib/options/commands/sweep.js';
import {choicesText, defaultText} from '../../lib/options/describe.js';
import {spelled} from '../../lib/options/named.js';
import {
  type Option,
  type OptionGroups,
  type OptionTable,
  tableOf,
} from '../../lib/options/option.js';

const code = (name: string): string => `\`${name}\``;

/** "radius of the ball" -> "Radius of the ball." */
function sentence(text: string): string {
  const words = spelled(text, code);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function typeOf(option: Option): string {
  const isUnset = 'default' in option && option.default === null;
  const path = option.type === 'path' || ('orFile' in option && option.orFile === true);
  const types = [checkedType(option)];
  if ('orPath' in option && option.orPath === true) types.push('number', 'URL');
  if (path) types.push('URL');
  if (isUnset) types.push('null');
  return [...types, 'undefined'].join(' | ');
}

function checkedType(option: Option): string {
  switch (option.type) {
    case 'number':
    case 'integer':
      return 'number';
    case 'switch':
      return 'boolean';
    case 'choice':
      return option.orFile === true
        ? 'string'
        : option.choices.map((name) => `'${name}'`).join(' | ');
    case 'choices':
      return `readonly (${option.choices.map((name) => `'${name}'`).join(' | ')})[]`;
    case 'numbers':
      return option.count === undefined
        ? 'readonly number[]'
        : `readonly [${Array.from({length: option.count}, () => 'number').join(', ')}]`;
    case 'bytes':
    case 'share':
    case 'duration':
      return 'number | string';
    case 'sides':
      return 'string | number';
    case 'device':
      return 'DeviceName';
    case 'model':
      return 'ModelName';
    default:
      return 'string';
  }
}

function defaultTag(option: Option): string | null {
  if (!('default' in option) || option.default === undefined) return option.unset ?? null;
  if (option.default === null) return defaultText(option) || 'none';
  return typeof option.default === 'string'
    ? `'${option.default}'`
    : JSON.stringify(option.default);
}

function property(name: string, option: Option): string[] {
  const {help, details} = option;
  const tag = defaultTag(option);
  const words = [sentence(help), ...(details === undefined ? [] : [details])].join(' ');
  const known = choicesText(option);
  const lines = [
    ...wrapped(
      option.type === 'choice' && option.orFile === true ? `${words} One of ${known}.` : words,
    ),
    ...(tag === null ? [] : [`@default ${tag}`]),
  ];
  return [
    '  /**',
    ...lines.map((line) => `   * ${line}`),
    '   */',
    ...declared(name, typeOf(option)),
  ];
}

/** A property in one line, or a long union, and a long list of one, with a line for each part. */
function declared(name: string, type: string): string[] {
  const line = `  readonly ${name}?: ${type};`;
  if (line.length <= 100) return [line];
  const [, list, others] = /^readonly \((.*)\)\[\] \| (.*)$/.exec(type) ?? [];
  const parts = (union: string, indent: string) =>
    union.split(' | ').map((part) => `${indent}| ${part}`);
  if (list === undefined) return [`  readonly ${name}?:`, ...parts(`${type};`, '    ')];
  if (list.length <= 80) {
    const one = `    | readonly (${list})[]`;
    return [`  readonly ${name}?:`, one, ...parts(`${others};`, '    ')];
  }
  return [
    `  readonly ${name}?:`,
    '    | readonly (',
    ...parts(list, '        '),
    '      )[]',
    ...parts(`${others};`, '    '),
  ];
}

function wrapped(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const longer = `${lines[last]} ${word}`.trim();
    if (longer.length <= 100) lines[last] = longer;
    else lines.push(word);
  }
  return lines;
}

interface Declared {
  readonly name: string;
  readonly doc: string;
  readonly parents?: readonly string[];
  readonly lines?: readonly string[];
  readonly table: OptionTable;
}

function declaration({name, doc, parents = [], lines = [], table}: Declared): string {
  const heritage = parents.length === 0 ? '' : ` extends ${parents.join(', ')}`;
  const body = Object.entries(table).flatMap(([option, entry]) => property(option, entry));
  return [`/** ${doc} */`, `export interface ${name}${heritage} {`, ...lines, ...body, '}'].join(
    '\n',
  );
}

function without(table: OptionTable, ...others: readonly (OptionTable | readonly string[])[]) {
  const names = new Set(others.flatMap((o) => (Array.isArray(o) ? o : Object.keys(o))));
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.has(name)));
}

function capital(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

const CHECKPOINT_CHOICE = `/** Which checkpoint: one of both is required, or a program, which has weights of its own. */
export type CheckpointChoice =
  | {
      /** Checkpoint file (.pt, .pth) or record folder. */
      readonly ckpt: string | URL;
      /** Not with \`ckpt\`. */
      readonly resultFile?: undefined;
    }
  | {
      /** Instead of \`ckpt\`: the name of a folder in \`recordRoot\`. */
      readonly resultFile: string;
      /** Not with \`resultFile\`. */
      readonly ckpt?: undefined;
    }
  | {
      /** Whose weights are taken where there is no \`ckpt\`. */
      readonly program: string | URL;
      /** Without both: the program's own weights. */
      readonly ckpt?: undefined;
      /** Nor this. */
      readonly resultFile?: undefined;
    };`;

/** lib/options/documented.ts */
export function documentedTypes(): string {
  const shared = ['ckpt', 'resultFile'];
  const parents = ['DataOptions', 'DeviceOptions'];
  const methods = DEFENSE_NAMES.map((name) => `${capital(name)}DefenseOptions`);
  const attacks = ATTACK_KINDS.map((kind) => `${capital(kind)}AttackOptions`);
  return `${[
    '// Written by `npm run options` from the tables in this folder and in lib/defenses: change those.',
    "import type {ModelName} from '../models/names.js';",
    "import type {DeviceName} from './option.js';",
    '',
    declaration({name: 'DataOptions', doc: 'Where the images are and what they are.', table: DATA}),
    '',
    declaration({name: 'DeviceOptions', doc: 'Where and how it is computed.', table: DEVICE}),
    '',
    CHECKPOINT_CHOICE,
    '',
    declaration({
      name: 'CommonDefendOptions',
      doc: 'What every defense has.',
      parents,
      table: without(tableOf(DEFEND), DATA, DEVICE, shared),
    }),
    ...DEFENSE_NAMES.flatMap((name, i) => [
      '',
      declaration({
        name: methods[i] ?? '',
        doc: `Options of {@link defend} with \`method: '${name}'\`${i === 0 ? ' or without a method' : ''}: ${defenseOf(name).summary}.`,
        parents: ['CommonDefendOptions'],
        lines: [
          '  /** The defense. */',
          i === 0 ? `  readonly method?: '${name}' | undefined;` : `  readonly method: '${name}';`,
        ],
        table: defenseTable(name),
      }),
    ]),
    '',
    '/** Options of {@link defend}: a checkpoint is required. */',
    `export type DefendOptions = (\n${methods.map((name) => `  | ${name}`).join('\n')}\n) &\n  CheckpointChoice;`,
    '',
    '/** Options of {@link compare} that are for methods: of one by its name, or of every one that has the option. */',
    'export interface MethodSettings {',
    '  /** For every method that has an option of this name. */',
    '  readonly every?: Readonly<Record<string, unknown>> | undefined;',
    ...DEFENSE_NAMES.flatMap((name, i) => [
      `  /** For \`${name}\` alone, over \`every\`. */`,
      `  readonly ${name}?: Omit<${methods[i] ?? ''}, 'method' | keyof CommonDefendOptions> | undefined;`,
    ]),
    '}',
    '',
    declaration({
      name: 'CommonCompareOptions',
      doc: 'Options of {@link compare} besides the checkpoint.',
      parents,
      lines: [
        '  /** Options of the methods; by default each method has its own defaults. */',
        '  readonly set?: MethodSettings | undefined;',
      ],
      table: without(tableOf(COMPARE), DATA, DEVICE, shared),
    }),
    '',
    '/** Options of {@link compare}: a checkpoint is required. */',
    'export type CompareOptions = CommonCompareOptions & CheckpointChoice;',
    '',
    declaration({
      name: 'CommonAttackOptions',
      doc: 'What every attack has.',
      parents,
      table: without(tableOf(ATTACK), without(DATA, ['data']), DEVICE),
    }),
    ...ATTACK_KINDS.flatMap((kind, i) => {
      const {summary, options}: AttackEntry = ATTACK_TABLE[kind];
      return [
        '',
        declaration({
          name: attacks[i] ?? '',
          doc: `Options of {@link attack} with \`kind: '${kind}'\`. ${summary}.`,
          parents: ['CommonAttackOptions'],
          lines: ['  /** The attack. */', `  readonly kind: '${kind}';`],
          table: options,
        }),
      ];
    }),
    '',
    '/** Options of {@link attack}: `kind` is required. */',
    `export type AttackOptions =\n${attacks.map((name) => `  | ${name}`).join('\n')};`,
    '',
    declaration({
      name: 'CommonEvaluateOptions',
      doc: 'Options of {@link evaluate} besides the checkpoint.',
      parents,
      table: without(tableOf(EVALUATE), DATA, DEVICE, shared),
    }),
    '',
    '/** Options of {@link evaluate}: a checkpoint is required. */',
    'export type EvaluateOptions = CommonEvaluateOptions & CheckpointChoice;',
    '',
    declaration({
      name: 'CommonScanOptions',
      doc: 'Options of {@link scan} besides the checkpoint.',
      parents: ["Omit<DataOptions, 'testLimit'>", 'DeviceOptions'],
      table: without(tableOf(SCAN), DATA, DEVICE, shared),
    }),
    '',
    '/** Options of {@link scan}: a checkpoint is required. */',
    'export type ScanOptions = CommonScanOptions & CheckpointChoice;',
    '',
    declaration({
      name: 'DemoOptions',
      doc: 'Options of {@link demo}; every one may be left out.',
      parents: ['DeviceOptions'],
      table: without(tableOf(DEMO), DEVICE),
    }),
    '',
    declaration({
      name: 'FetchOptions',
      doc: 'Options of {@link fetchDataset}: `dataset` is required.',
      lines: [
        '  /** The data set. */',
        `  readonly dataset: ${FETCHED_NAMES.map((name) => `'${name}'`).join(' | ')};`,
      ],
      table: tableOf(FETCH),
    }),
    '',
    declaration({
      name: 'InspectDatasetOptions',
      doc: 'Options of {@link inspectDataset}: `data` is required.',
      table: tableOf(INSPECT_DATASET),
    }),
    '',
    declaration({
      name: 'ReportOptions',
      doc: 'Options of {@link report}; every one may be left out.',
      parents: ['DeviceOptions'],
      table: without(tableOf(REPORT), DEVICE),
    }),
    '',
    declaration({
      name: 'SetupOptions',
      doc: 'Options of {@link setup}, which fetches LibTorch; every one may be left out.',
      table: tableOf(SETUP),
    }),
    '',
    declaration({
      name: 'SweepOptions',
      doc: 'Options of {@link sweep}: `plan` is required.',
      lines: [
        '  /** The name of a YAML file, or what it would have; docs/sweeps.md describes it. */',
        '  readonly plan: string | URL | Readonly<Record<string, unknown>>;',
      ],
      table: tableOf(SWEEP),
    }),
    '',
    declaration({
      name: 'SweepReportOptions',
      doc: 'Options of {@link sweepReport}; every one may be left out.',
      table: tableOf(SWEEP_REPORT),
    }),
  ].join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function rows(table: OptionTable): string[] {
  return Object.entries(table).map(([name, option]) => {
    const {official = [], help, details} = option;
    const names = typeof official === 'string' ? [official] : official;
    const choices = choicesText(option);
    const words = [
      `${sentence(help).slice(0, -1)}${choices === '' ? '' : ` (${choices})`}.`,
      ...(details === undefined ? [] : [details]),
    ].join(' ');
    const cells = [
      code(name),
      code(flagName(name)),
      defaultText(option),
      words,
      names.map(code).join(', '),
    ];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
}

function section(heading: string, table: OptionTable): string[] {
  return [
    `### ${heading}`,
    '',
    '| option | flag | default | what | official name |',
    '|---|---|---|---|---|',
    ...rows(table),
    '',
  ];
}

function command(name: string, words: string, groups: OptionGroups): string[] {
  return [
    `## ${name}`,
    '',
    words,
    '',
    ...Object.entries(groups).flatMap(([heading, table]) => section(heading, table)),
  ];
}

/** docs/options.md */
export function optionsPage(): string {
  const defend = 'What all methods have; each method adds its own.';
  const attack =
    'What all attacks have. With `recipe: fast` the training has other defaults. The options of each attack are below.';
  const compare =
    'Several defenses of one checkpoint, side by side. Each method has the options above as well: `set` has those of one method, ' +
    'such as `set: {ft: {learningRate: 0.02}}`, or under `every` those of all methods that have them; on the command line ' +
    '`--set ft.learningRate=0.02` and `--set rounds=20`, in a file of options a section `ft:`. [defenses.md](defenses.md#comparing-them) describes the command.';
  return [
    '# Options',
    '',
    'Every option of every command: its name in a program, its flag, its default, and its name in the official',
    'Python tool, whose YAML files (`--config`) and flags are accepted as well. `npm run options` writes this page from',
    'the tables in `lib/options` and `lib/defenses`.',
    '',
    ...command('defend', defend, DEFEND),
    ...DEFENSE_NAMES.flatMap((name) =>
      command(
        `defend --method ${name}`,
        sentence(defenseOf(name).summary),
        defenseOf(name).options,
      ),
    ),
    ...command('compare', compare, COMPARE),
    ...command('attack', attack, ATTACK),
    ...ATTACK_KINDS.flatMap((kind) => {
      const {summary, options}: AttackEntry = ATTACK_TABLE[kind];
      return section(`attack ${kind}: ${summary}`, options);
    }),
    ...command('evaluate', 'Measures a checkpoint.', EVALUATE),
    ...command(
      'scan',
      'Looks for a backdoor in a model. [scan.md](scan.md) says what it can see and what it cannot.',
      SCAN,
    ),
    ...command('report', 'Shows runs, or a comparison, in one HTML file.', REPORT),
    ...command('demo', 'Attacks and purifies a small model on synthetic images.', DEMO),
    ...command('data', `Fetches a data set: ${FETCHED_NAMES.join(', ')}.`, FETCH),
    ...command(
      'inspect',
      'Describes a data set; in the command `data` is the argument. A checkpoint has no options.',
      INSPECT_DATASET,
    ),
    ...command('setup', 'Fetches LibTorch.', SETUP),
    ...command(
      'sweep',
      'Attacks and defenses of a plan, each run once; in the command `plan` is the argument. [sweeps.md](sweeps.md) describes plans, and the settings of engines.',
      SWEEP,
    ),
    ...command(
      'sweep report',
      'Shows attacks by defenses as HTML and CSV; the folder of the sweep is an argument.',
      SWEEP_REPORT,
    ),
  ].join('\n');
}
