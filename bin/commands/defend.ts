import type {Command} from 'commander';
import {OFFICIAL_DEFEND_NAMES} from '../../lib/config/official_names.js';
import type {DefendResult} from '../../lib/results.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {EXIT} from '../exit_codes.js';
import {addExamples, addFlags, addOfficialFlags, addOutputFlags, flag} from '../flags.js';
import {layeredOptions} from '../layered_options.js';
import {longRun} from '../long_run.js';
import {afterDefense, nextLines} from '../next_steps.js';
import {DEFEND_FLAGS, keysOf} from '../option_tables.js';
import {derLine, duration, fileTable, metricsTable, printResult} from '../output.js';

export function registerDefend(program: Command, finish: Finish): void {
  const command = program
    .command('defend')
    .summary('purify a backdoored checkpoint')
    .description('Purifies a backdoored image classifier with Shared Adversarial Unlearning.');
  addFlagGroups(command, DEFEND_FLAGS);
  addFlags(command, 'Run:', [
    flag('config', '<file>', "YAML file with these options or the official tool's"),
  ]);
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_DEFEND_NAMES);
  addExamples(command, [
    'sau-native defend --ckpt record/badnet_demo --clean 5pct --data data/cifar10',
    'sau-native defend --ckpt model.pt --clean clean_images/ --rounds 20 --device cuda:0',
    'sau-native defend --result-file badnet_demo --config sau.yaml --json > result.json',
  ]);
  runs(command, finish, async (values) => {
    const {options, spell, notes} = await layeredOptions(
      values,
      keysOf(DEFEND_FLAGS),
      OFFICIAL_DEFEND_NAMES,
    );
    const {parseDefendConfig} = await import('../../lib/config.js');
    const config = parseDefendConfig(options, spell);
    const {defend} = await import('../../lib/defend.js');
    const {result, interrupted} = await longRun(values.quiet === true, notes, (run) =>
      defend(config, {...run, saveOnAbort: true}),
    );
    printResult(values.json === true, result, () =>
      [
        ...describe(result, interrupted),
        ...nextLines(afterDefense(result, config, interrupted)),
      ].join('\n'),
    );
    return interrupted ? EXIT.interrupted : EXIT.done;
  });
}

function describe(result: DefendResult, interrupted: boolean): string[] {
  const {before, after, der, completedRounds, seconds, device, files} = result;
  const rounds = `${completedRounds} ${completedRounds === 1 ? 'round' : 'rounds'}`;
  return [
    metricsTable([
      ['before', before],
      ['after', after],
    ]),
    derLine(der),
    '',
    `${interrupted ? 'interrupted after ' : ''}${rounds} in ${duration(seconds)} on ${device}; saved:`,
    fileTable(files),
  ];
}
