import type {Command} from 'commander';
import type {AttackEntry, AttackOption} from '../../lib/config/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE, type AttackKind} from '../../lib/config/attack_table.js';
import {OFFICIAL_ATTACK_NAMES} from '../../lib/config/official_names.js';
import {assertNever} from '../../lib/errors.js';
import type {AttackResult} from '../../lib/results.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {EXIT} from '../exit_codes.js';
import {
  addExamples,
  addFlags,
  addOfficialFlags,
  addOutputFlags,
  type Flag,
  flag,
} from '../flags.js';
import {layeredOptions} from '../layered_options.js';
import {longRun} from '../long_run.js';
import {afterAttack, nextLines} from '../next_steps.js';
import {ATTACK_FLAGS, type FlagGroups, keysOf} from '../option_tables.js';
import {duration, fileTable, metricsTable, printResult} from '../output.js';

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
  const {summary, options: ownOptions, defaults = {}}: AttackEntry = ATTACK_TABLE[kind];
  const command = parent.command(kind).description(summary);
  addFlags(
    command,
    'This attack:',
    Object.entries(ownOptions).map(([name, option]) => flagOf(name, option)),
  );
  addFlagGroups(command, withDefaults(ATTACK_FLAGS, defaults));
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_ATTACK_NAMES);
  addExamples(command, [
    `sau-native attack ${kind} --data data/cifar10 --save-folder-name ${kind}_demo`,
    `sau-native attack ${kind} --data data/cifar10 --poison-rate 0.01 --target-label 3 --epochs 20`,
  ]);
  runs(command, finish, async (values) => {
    const own = [...Object.keys(ownOptions), ...keysOf(ATTACK_FLAGS)];
    const {options, spell, notes} = await layeredOptions(values, own, OFFICIAL_ATTACK_NAMES);
    const {parseAttackConfig} = await import('../../lib/config.js');
    const config = parseAttackConfig({...options, kind}, spell);
    const {attack: simulate} = await import('../../lib/attack.js');
    const {result, interrupted} = await longRun(values.quiet === true, notes, (run) =>
      simulate(config, run),
    );
    printResult(values.json === true, result, () => describe(result));
    return interrupted ? EXIT.interrupted : EXIT.done;
  });
}

/** The flags as one attack's help shows them: with its own defaults where it has any. */
function withDefaults(groups: FlagGroups, defaults: Readonly<Record<string, unknown>>): FlagGroups {
  const own = (flag: Flag): Flag => ({...flag, fallback: defaults[flag.key] ?? flag.fallback});
  return Object.fromEntries(Object.entries(groups).map(([name, flags]) => [name, flags.map(own)]));
}

function flagOf(name: string, option: AttackOption): Flag {
  switch (option.type) {
    case 'choice': {
      const values = [...option.choices, ...(option.orFile ? ['a file'] : [])].join(', ');
      return flag(name, '<what>', `${option.help}: ${values}`, option.default);
    }
    case 'switch':
      return flag(name, '[on|off]', option.help, option.default ? 'on' : 'off');
    case 'file':
      return flag(name, '<file>', option.help);
    case 'integer':
      return flag(name, '<n>', option.help, option.default);
    case 'number':
      return flag(name, '<x>', option.help, option.default);
    case 'text':
      return flag(name, '<text>', option.help, option.default);
    default:
      return assertNever(option);
  }
}

function describe(result: AttackResult): string {
  const {metrics, epochs, poisonedTrainCount, device, seconds, files} = result;
  const trained = device === null ? 'no model' : `${epochs.length} epochs on ${device}`;
  return [
    ...(metrics === null ? [] : [metricsTable([['victim', metrics]]), '']),
    `${poisonedTrainCount} poisoned training images, ${trained} in ${duration(seconds)}; written:`,
    fileTable(files),
    ...nextLines(afterAttack(result)),
  ].join('\n');
}
