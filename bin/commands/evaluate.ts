import type {Command} from 'commander';
import {EVALUATE} from '../../lib/options/commands/commands.js';
import {officialNames} from '../../lib/options/official.js';
import {tableOf} from '../../lib/options/option.js';
import type {UserOptions} from '../../lib/options/parse.js';
import type {EvaluateResult} from '../../lib/run/results.js';
import {addFlagGroups, type Finish, layeredOptions, runs} from '../command.js';
import {type ExitCode, inUsersWords} from '../errors.js';
import {addExamples, addOfficialFlags, addOutputFlags, flagGroups, keysOf} from '../flags.js';
import {longRun} from '../long_run.js';
import {afterEvaluation, nextLines} from '../next_steps.js';
import {derLine, duration, madeHere, metricsTable, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';
import {exitCodeOfResult, gateLines, verdictLine} from '../verdict_view.js';

const OFFICIAL_NAMES = officialNames(tableOf(EVALUATE));

export function registerEvaluate(program: Command, finish: Finish): void {
  const command = program
    .command('evaluate')
    .summary('measure ACC, ASR, RA, losses and DER')
    .description(
      'Measures a checkpoint: ACC on clean test images; ASR and RA on poisoned ones, if there are any.',
    );
  const flags = flagGroups(EVALUATE);
  addFlagGroups(command, flags);
  addSandboxFlag(command);
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_NAMES);
  addExamples(command, [
    'sau-native evaluate --ckpt record/badnet_demo --data data/cifar10',
    'sau-native evaluate --ckpt out/defense_result.pt --poisoned record/badnet_demo \\\n' +
      '      --against record/badnet_demo --data data/cifar10 --test-limit 2000 --json',
  ]);
  runs(command, finish, async (values) => {
    const {options, spell, notes} = await layeredOptions(
      values,
      keysOf(flags),
      () => OFFICIAL_NAMES,
    );
    return inUsersWords(() => measure(values, options, notes), spell);
  });
}

async function measure(
  values: UserOptions,
  options: UserOptions,
  notes: readonly string[],
): Promise<ExitCode> {
  const {parseEvaluateConfig} = await import('../../lib/options/config.js');
  const config = parseEvaluateConfig(options);
  await sandboxed(values, async () => {
    const {needsOfModel} = await import('../../lib/sandbox/needs.js');
    return needsOfModel(tableOf(EVALUATE), {...config});
  });
  const {evaluate} = await import('../../lib/evaluate.js');
  const {result, interrupted} = await longRun(values.quiet === true, notes, (run) =>
    evaluate(config, run),
  );
  await printResult(
    values.json === true,
    'evaluate',
    async () => ({...(await madeHere()), ...result}),
    () => [...describe(result), ...nextLines(afterEvaluation(result, config))].join('\n'),
  );
  return exitCodeOfResult(interrupted, result.failedGates);
}

function describe(result: EvaluateResult): string[] {
  const {verdict, failedGates} = result;
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
    ...(verdict === null ? [] : ['', verdictLine(verdict, process.stdout)]),
    ...gateLines(failedGates, process.stdout),
    '',
    `${counts} in ${duration(seconds)} on ${device}`,
  ];
}
