import type {Command} from 'commander';
import {DEMO} from '../../lib/options/commands/commands.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {EXIT} from '../errors.js';
import {addExamples, addOutputFlags, flagGroups, keysOf, pick} from '../flags.js';
import {longRun} from '../long_run.js';
import {commandLine, nextLines} from '../next_steps.js';
import {derLine, duration, fileTable, madeBy, metricsTable, printResult} from '../output.js';
import {verdictLine} from '../verdict_view.js';

export function registerDemo(program: Command, finish: Finish): void {
  const command = program
    .command('demo')
    .summary('attack and purify a small model on synthetic images')
    .description(
      'Makes a small synthetic image set, plants a BadNets backdoor in a narrow network and purifies it. ' +
        'No download and no GPU; a few minutes on two cores.',
    );
  const flags = flagGroups(DEMO);
  addFlagGroups(command, flags);
  addOutputFlags(command);
  addExamples(command, ['sau-native demo', 'sau-native demo --out demo_1 --seed 1 --json']);
  runs(command, finish, async (values) => {
    const {parseDemoConfig} = await import('../../lib/options/config.js');
    const config = parseDemoConfig(pick(values, keysOf(flags)));
    const {demo} = await import('../../lib/demo.js');
    const {result, interrupted} = await longRun(values.quiet === true, [], (run) =>
      demo(config, run),
    );
    await printResult(
      values.json === true,
      'demo',
      async () => ({...(await madeBy(result.files.run)), ...result}),
      () => {
        const {defense, files, seconds} = result;
        return [
          metricsTable([
            ['before', defense.before],
            ['after', defense.after],
          ]),
          derLine(defense.der),
          '',
          verdictLine(defense.verdict, process.stdout),
          '',
          `${duration(seconds)} on ${defense.device}; written:`,
          fileTable(files),
          ...nextLines([
            {
              what: 'the same on photographs, with the folder of CIFAR-10 for DIR',
              command: commandLine('attack badnet', {data: 'DIR', recipe: 'fast'}),
            },
          ]),
        ].join('\n');
      },
    );
    return interrupted ? EXIT.interrupted : EXIT.done;
  });
}
