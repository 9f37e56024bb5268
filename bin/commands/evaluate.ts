import type {Command} from 'commander';
import {OFFICIAL_DEFEND_NAMES} from '../../lib/config/official_names.js';
import type {EvaluateResult} from '../../lib/results.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {EXIT} from '../exit_codes.js';
import {addExamples, addOfficialFlags, addOutputFlags} from '../flags.js';
import {layeredOptions} from '../layered_options.js';
import {longRun} from '../long_run.js';
import {afterEvaluation, nextLines} from '../next_steps.js';
import {EVALUATE_FLAGS, keysOf} from '../option_tables.js';
import {derLine, duration, metricsTable, printResult} from '../output.js';

const OFFICIAL_NAMES = OFFICIAL_DEFEND_NAMES.filter(({official}) =>
  ['result_file', 'dataset_path', 'num_classes', 'batch_size'].includes(official),
);

export function registerEvaluate(program: Command, finish: Finish): void {
  const command = program
    .command('evaluate')
    .summary('measure ACC, ASR, RA, losses and DER')
    .description(
      'Measures a checkpoint: ACC on clean test images; ASR and RA on poisoned ones, if there are any.',
    );
  addFlagGroups(command, EVALUATE_FLAGS);
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_NAMES);
  addExamples(command, [
    'sau-native evaluate --ckpt record/badnet_demo --data data/cifar10',
    'sau-native evaluate --ckpt out/defense_result.pt --poisoned record/badnet_demo \\\n' +
      '      --against record/badnet_demo --data data/cifar10 --test-limit 2000 --json',
  ]);
  runs(command, finish, async (values) => {
    const own = keysOf(EVALUATE_FLAGS);
    const {options, spell, notes} = await layeredOptions(values, own, OFFICIAL_NAMES);
    const {parseEvaluateConfig} = await import('../../lib/config.js');
    const config = parseEvaluateConfig(options, spell);
    const {evaluate} = await import('../../lib/evaluate.js');
    const {result, interrupted} = await longRun(values.quiet === true, notes, (run) =>
      evaluate(config, run),
    );
    printResult(values.json === true, result, () =>
      [...describe(result), ...nextLines(afterEvaluation(result, config))].join('\n'),
    );
    return interrupted ? EXIT.interrupted : EXIT.done;
  });
}

function describe(result: EvaluateResult): string[] {
  const {checkpoint, model, metrics, before, der, seconds, device} = result;
  const counts = `${metrics.cleanCount} clean and ${metrics.poisonedCount} poisoned test images`;
  return [
    `${checkpoint}: ${model}`,
    before === null
      ? metricsTable([['', metrics]])
      : metricsTable([
          ['before', before],
          ['after', metrics],
        ]),
    ...(before === null ? [] : [derLine(der)]),
    '',
    `${counts} in ${duration(seconds)} on ${device}`,
  ];
}
