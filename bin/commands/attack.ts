import type {Command} from 'commander';
import {SauError} from '../../lib/base/errors.js';
import {labelText} from '../../lib/datasets/label_text.js';
import type {AttackEntry} from '../../lib/options/attacks/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE, type AttackKind} from '../../lib/options/attacks/attacks.js';
import {named} from '../../lib/options/named.js';
import {officialNames} from '../../lib/options/official.js';
import type {UserOptions} from '../../lib/options/parse.js';
import {optionsOfAttack} from '../../lib/options/tables.js';
import type {AttackConfig} from '../../lib/options/types.js';
import type {AttackResult} from '../../lib/run/results.js';
import {addFlagGroups, type Finish, layeredOptions, runs} from '../command.js';
import {offeringData, offerMissingData} from '../data_view.js';
import {EXIT, type ExitCode, inUsersWords} from '../errors.js';
import {
  addConfigFlag,
  addExamples,
  addOfficialFlags,
  addOutputFlags,
  attackFlags,
  keysOf,
} from '../flags.js';
import {longRun} from '../long_run.js';
import {afterAttack, nextLines} from '../next_steps.js';
import {duration, fileTable, madeBy, metricsTable, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';

/** One subcommand per attack of the table. */
export function registerAttack(program: Command, finish: Finish): void {
  const command = program
    .command('attack')
    .summary('simulate a backdoor attack and write its record folder')
    .description('Trains a model on a poisoned data set and writes a BackdoorBench record folder.');
  for (const kind of ATTACK_KINDS) registerOne(command, kind, finish);
  addExamples(command, ['sau-native attack badnet --data data/cifar10']);
}

function registerOne(parent: Command, kind: AttackKind, finish: Finish): void {
  const {summary}: AttackEntry = ATTACK_TABLE[kind];
  const command = parent.command(kind).description(summary);
  const flags = attackFlags(kind);
  const names = officialNames(optionsOfAttack(kind));
  addFlagGroups(command, flags);
  addConfigFlag(command);
  addSandboxFlag(command);
  addOutputFlags(command);
  addOfficialFlags(command, names);
  addExamples(command, [
    `sau-native attack ${kind} --data data/cifar10 --save-folder-name ${kind}_demo`,
    `sau-native attack ${kind} --data data/cifar10 --poison-rate 0.01 --target-label 3 --epochs 20`,
  ]);
  runs(command, finish, async (values) => {
    const {options, spell, notes} = await layeredOptions(values, keysOf(flags), () => names);
    return inUsersWords(() => simulate(values, {...options, kind}, notes), spell);
  });
}

async function simulate(
  values: UserOptions,
  options: UserOptions,
  notes: readonly string[],
): Promise<ExitCode> {
  const {parseAttackConfig} = await import('../../lib/options/config.js');
  const config = parseAttackConfig(options);
  const {folderToPoison} = await import('../../lib/simulation/opened_attack.js');
  await offerMissingData(values, folderToPoison(config));
  await sandboxed(values, async () => {
    const {needsOfAttack} = await import('../../lib/sandbox/needs.js');
    return needsOfAttack(optionsOfAttack(config.kind), {...config});
  });
  const {attack} = await import('../../lib/attack.js');
  const {result, interrupted} = await offeringData(values, () =>
    longRun(values.quiet === true, notes, (run) => attack(config, run)),
  ).catch(async (error: unknown) => {
    throw (await hasTraining(config, error)) ? toGoOn(error) : error;
  });
  await printResult(
    values.json === true,
    'attack',
    async () => ({...(await madeBy(result.files.run)), ...result}),
    () => describe(result, config),
  );
  return interrupted ? EXIT.interrupted : EXIT.done;
}

/** Whether an interrupted attack has left a training that can be continued. */
async function hasTraining({out}: AttackConfig, error: unknown): Promise<boolean> {
  if (!(error instanceof SauError) || error.code !== 'ERR_ABORTED') return false;
  const {hasAttackCheckpoint} = await import('../../lib/records/attack_checkpoint.js');
  return hasAttackCheckpoint(out);
}

function toGoOn(cause: unknown): SauError {
  const message = `Interrupted; the finished epochs are saved. Run the command again with ${named('resume')} to go on`;
  return new SauError('ERR_ABORTED', message, {cause});
}

function describe(result: AttackResult, config: AttackConfig): string {
  const {metrics, epochs, poisonedTrainCount, target, device, seconds, files} = result;
  const trained =
    device === null
      ? 'no model'
      : `${epochs.length} ${epochs.length === 1 ? 'epoch' : 'epochs'} on ${device}`;
  return [
    ...(metrics === null ? [] : [metricsTable([['victim', metrics]]), '']),
    ...(target === null ? [] : [`target class ${labelText(target.label, target.title)}`]),
    `${poisonedTrainCount} poisoned training images, ${trained} in ${duration(seconds)}; written:`,
    fileTable(files),
    ...nextLines(afterAttack(result, config)),
  ].join('\n');
}
