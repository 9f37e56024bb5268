import type {Command} from 'commander';
import type {Attack} from '../../lib/attacks/attacks.js';
import {OFFICIAL_ATTACK_NAMES} from '../../lib/config/official_names.js';
import type {AttackResult} from '../../lib/results.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {EXIT} from '../exit_codes.js';
import {addExamples, addFlags, addOfficialFlags, addOutputFlags, flag} from '../flags.js';
import {layeredOptions} from '../layered_options.js';
import {longRun} from '../long_run.js';
import {ATTACK_FLAGS, keysOf} from '../option_tables.js';
import {duration, fileTable, metricsTable, printResult} from '../output.js';

/** One subcommand per attack. Their table loads image code: only when `argv` asks for an attack. */
export async function registerAttack(
  program: Command,
  finish: Finish,
  argv: readonly string[],
): Promise<void> {
  const command = program
    .command('attack')
    .summary('simulate a backdoor attack and write its record folder')
    .description('Trains a model on a poisoned data set and writes a BackdoorBench record folder.');
  if (argv.includes('attack')) {
    const {ATTACKS} = await import('../../lib/attacks/attacks.js');
    for (const attack of Object.values(ATTACKS)) {
      registerOne(command, attack, finish);
    }
    addExamples(command, ['sau-native attack badnet --data data/cifar10']);
  }
}

function registerOne(parent: Command, attack: Attack, finish: Finish): void {
  const command = parent.command(attack.name).description(attack.summary);
  addFlags(
    command,
    'Trigger:',
    attack.options.map((option) => {
      const values = [...option.choices, ...(option.acceptsFile ? ['a file'] : [])].join(', ');
      return flag(option.name, '<what>', `${option.description}: ${values}`, option.default);
    }),
  );
  addFlagGroups(command, ATTACK_FLAGS);
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_ATTACK_NAMES);
  addExamples(command, [
    `sau-native attack ${attack.name} --data data/cifar10 --save-folder-name ${attack.name}_demo`,
    `sau-native attack ${attack.name} --data data/cifar10 --poison-rate 0.01 --target-label 3 --epochs 20`,
  ]);
  runs(command, finish, async (values) => {
    const own = [...attack.options.map(({name}) => name), ...keysOf(ATTACK_FLAGS)];
    const {options, spell, notes} = await layeredOptions(values, own, OFFICIAL_ATTACK_NAMES);
    const {parseAttackConfig} = await import('../../lib/config.js');
    const config = parseAttackConfig({...options, kind: attack.name}, spell);
    const {attack: simulate} = await import('../../lib/attack.js');
    const {result, interrupted} = await longRun(values.quiet === true, notes, (run) =>
      simulate(config, run),
    );
    printResult(values.json === true, result, () => describe(result));
    return interrupted ? EXIT.interrupted : EXIT.done;
  });
}

function describe(result: AttackResult): string {
  const {record, metrics, epochs, poisonedTrainCount, device, seconds, files} = result;
  return [
    metricsTable([[record, metrics]]),
    '',
    `${poisonedTrainCount} poisoned training images, ${epochs.length} epochs in ${duration(seconds)} on ${device}; written:`,
    fileTable(files),
  ].join('\n');
}
