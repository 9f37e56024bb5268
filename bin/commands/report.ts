import type {Command} from 'commander';
import {REPORT} from '../../lib/options/commands/commands.js';
import type {UserOptions} from '../../lib/options/parse.js';
import type {ReportResult} from '../../lib/report.js';
import {addFlagGroups, type Finish} from '../command.js';
import {EXIT, type ExitCode, inUsersWords} from '../errors.js';
import {addExamples, addOutputFlags, flagGroups, flagName, keysOf, pick} from '../flags.js';
import {longRun} from '../long_run.js';
import {duration, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';

const FLAGS = flagGroups(REPORT);

export function registerReport(program: Command, finish: Finish): void {
  const command = program
    .command('report')
    .argument('<runs...>', 'folders of runs and scans, or that of a comparison')
    .summary('show runs or a comparison in one HTML file')
    .description(
      'Writes a report of one or more runs of defend or attack, of scans, or of a comparison, as one HTML file that needs no other and ' +
        'no network: the verdict, figures and curves, images, where they are predicted, where the model looks, and how to repeat it.',
    );
  addFlagGroups(command, FLAGS);
  command.addOption(
    command.createOption('--no-evidence', 'only what the folders have').helpGroup('Report:'),
  );
  addSandboxFlag(command);
  addOutputFlags(command);
  addExamples(command, [
    'sau-native report record/badnet_demo/defense/sau',
    'sau-native report record/badnet_demo/compare --out comparison.html',
    'sau-native report runs/a runs/b --no-evidence',
  ]);
  command.action(async () => {
    finish(await inUsersWords(() => write(command.args, command.opts()), spell));
  });
}

function spell(name: string): string {
  return name === 'runs' ? '<runs...>' : flagName(name);
}

async function write(runs: readonly string[], values: UserOptions): Promise<ExitCode> {
  const options = pick(values, keysOf(FLAGS));
  await sandboxed(values, async () => {
    const {parseReportConfig} = await import('../../lib/options/config.js');
    const {needsOfReport} = await import('../../lib/sandbox/report_needs.js');
    return needsOfReport(runs, parseReportConfig(options));
  });
  const {report} = await import('../../lib/report.js');
  const {result, interrupted} = await longRun(values.quiet === true, [], (run) =>
    report(runs, options, run),
  );
  await printResult(
    values.json === true,
    'report',
    () => result,
    () => describe(result),
  );
  return interrupted ? EXIT.interrupted : EXIT.done;
}

function describe({path, bytes, runs, missing, seconds}: ReportResult): string {
  const shown = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  return [
    ...missing.map((what) => `left out: ${what}`),
    `${shown}, ${(bytes / 1e6).toFixed(2)} MB, in ${duration(seconds)}; written:`,
    path,
  ].join('\n');
}
