import {dirname} from 'node:path';
import type {Command} from 'commander';
import {SauError} from '../../lib/base/errors.js';
import {
  DEFAULT_DEFENSE,
  DEFENSE_NAMES,
  type DefenseName,
  defenseOf,
} from '../../lib/defenses/defenses.js';
import {named} from '../../lib/options/named.js';
import {officialNames} from '../../lib/options/official.js';
import type {UserOptions} from '../../lib/options/parse.js';
import {optionsOfDefense} from '../../lib/options/tables.js';
import type {DefendConfig} from '../../lib/options/types.js';
import type {DefendResult} from '../../lib/run/results.js';
import {addFlagGroups, type Finish, layeredOptions, runs} from '../command.js';
import {offerDataOfModel, offeringData} from '../data_view.js';
import {type ExitCode, inUsersWords} from '../errors.js';
import {
  addConfigFlag,
  addExamples,
  addOfficialFlags,
  addOutputFlags,
  defendFlags,
  keysOf,
} from '../flags.js';
import {longRun} from '../long_run.js';
import {afterDefense, goingOn, nextLines} from '../next_steps.js';
import {derLine, duration, fileTable, madeBy, metricsTable, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';
import {exitCodeOfResult, gateLines, verdictLine} from '../verdict_view.js';

export function registerDefend(program: Command, finish: Finish): void {
  const command = program
    .command('defend')
    .summary('purify a backdoored checkpoint')
    .description(
      'Purifies a backdoored image classifier, by default with Shared Adversarial Unlearning.',
    );
  const flags = defendFlags();
  addFlagGroups(command, flags);
  addConfigFlag(command);
  addSandboxFlag(command);
  addOutputFlags(command);
  addOfficialFlags(command, DEFENSE_NAMES.flatMap(officialNamesOf));
  addExamples(command, [
    'sau-native defend --ckpt record/badnet_demo --clean 5pct --data data/cifar10',
    'sau-native defend --ckpt model.pt --clean clean_images/ --rounds 20 --device cuda:0',
    'sau-native defend --program model.pt2 --clean 5pct --data images/ --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5 --write-program',
    'sau-native defend --result-file badnet_demo --config sau.yaml --json > result.json',
  ]);
  runs(command, finish, async (values) => {
    const {options, spell, notes} = await layeredOptions(values, keysOf(flags), ({method}) =>
      officialNamesOf(DEFENSE_NAMES.find((name) => name === method) ?? DEFAULT_DEFENSE),
    );
    return inUsersWords(() => purify(values, options, notes), spell);
  });
}

function officialNamesOf(method: DefenseName) {
  return officialNames(optionsOfDefense(method), defenseOf(method).ignored);
}

async function purify(
  values: UserOptions,
  options: UserOptions,
  notes: readonly string[],
): Promise<ExitCode> {
  const {parseDefendConfig} = await import('../../lib/options/config.js');
  const config = parseDefendConfig(options);
  await offerDataOfModel(values, config);
  await sandboxed(values, async () => {
    const {needsOfModel} = await import('../../lib/sandbox/needs.js');
    const needs = needsOfModel(optionsOfDefense(config.method), {...config});
    return {...needs, makes: await folderOf(config)};
  });
  const {defend} = await import('../../lib/defend.js');
  const {result, interrupted} = await offeringData(values, () =>
    longRun(values.quiet === true, notes, (run) => defend(config, {...run, saveOnAbort: true})),
  ).catch(async (error: unknown) => {
    throw await withWayOn(error, config);
  });
  const {hasDefenseState} = await import('../../lib/records/defense_state.js');
  const isSaved = interrupted && (await hasDefenseState(dirname(result.files.run)));
  await printResult(
    values.json === true,
    'defend',
    async () => ({...(await madeBy(result.files.run)), ...result}),
    () =>
      [
        ...describe(result, interrupted),
        ...nextLines(afterDefense(result, config, {interrupted, isSaved})),
      ].join('\n'),
  );
  return exitCodeOfResult(interrupted, result.failedGates);
}

/** An error that leaves a run which can go on, with the command that goes on. */
async function withWayOn(error: unknown, config: DefendConfig): Promise<unknown> {
  if (!(error instanceof SauError)) return error;
  const {code, details} = error;
  const command = goingOn(config);
  if (code === 'ERR_OUTPUT' && details.interrupted === true) {
    const remedy = `The first of these is\n  $ ${command}`;
    return new SauError(code, error.messageIn(named), {cause: error, remedy, details});
  }
  if (code !== 'ERR_ABORTED' || !(await isInterrupted(config))) return error;
  const remedy = `Go on with\n  $ ${command}`;
  return new SauError(code, 'Interrupted; the run is saved.', {cause: error, remedy, details});
}

async function isInterrupted(config: DefendConfig): Promise<boolean> {
  const {hasDefenseState} = await import('../../lib/records/defense_state.js');
  return hasDefenseState(await folderOf(config));
}

/** Where the run writes. */
async function folderOf({out, ckpt, method}: DefendConfig): Promise<string> {
  const {DEFAULT_OUT} = await import('../../lib/sandbox/needs.js');
  return out ?? DEFAULT_OUT.defend(ckpt, method);
}

/** Why there are fewer rounds than were asked for. */
const STOPPED_LINES = {
  patience: 'ended early: nothing changed any more (--patience)',
  timeBudget: 'ended early: no time was left for another round (--time-budget)',
} as const;

const ORACLE_LINE =
  'selection: oracle. The test sets chose how much was pruned, which no defender has.';

function describe(result: DefendResult, interrupted: boolean): string[] {
  const {verdict, failedGates, stopped} = result;
  const {before, after, der, completedRounds, seconds, device, files, selection} = result;
  const rounds = `${completedRounds} ${completedRounds === 1 ? 'round' : 'rounds'}`;
  return [
    metricsTable([
      ['before', before],
      ['after', after],
    ]),
    derLine(der),
    '',
    verdictLine(verdict, process.stdout),
    ...(selection === 'oracle' ? [ORACLE_LINE] : []),
    ...gateLines(failedGates, process.stdout),
    ...(stopped === null ? [] : [STOPPED_LINES[stopped]]),
    '',
    `${interrupted ? 'interrupted after ' : ''}${rounds} in ${duration(seconds)} on ${device}; saved:`,
    fileTable(files),
  ];
}
