import {resolve} from 'node:path';
import type {Command} from 'commander';
import {SauError} from '../../lib/base/errors.js';
import {SWEEP, SWEEP_REPORT, SWEEP_STEP} from '../../lib/options/commands/sweep.js';
import type {SweepOptions} from '../../lib/options/documented.js';
import type {UserOptions} from '../../lib/options/parse.js';
import {inSandbox} from '../../lib/sandbox/state.js';
import {addFlagGroups, type Finish} from '../command.js';
import {EXIT, type ExitCode, inUsersWords} from '../errors.js';
import {addExamples, addOutputFlags, flagGroups, flagName, keysOf, pick} from '../flags.js';
import {interruptible, longRun} from '../long_run.js';
import {duration, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';
import {countsLine, failureLines, planLines, resultLines, statusLines} from '../sweep_tables.js';
import {createSweepView} from '../sweep_view.js';

const FLAGS = flagGroups(SWEEP);
const STEP_FLAGS = flagGroups(SWEEP_STEP);
const REPORT_FLAGS = flagGroups(SWEEP_REPORT);

export function registerSweep(program: Command, finish: Finish): void {
  const command = program
    .command('sweep')
    .argument(
      '[plan.yaml]',
      'the plan: attacks, data, models, defenses, seeds; docs/sweeps.md describes it',
    )
    .summary('do all attacks and defenses of a plan')
    .description(
      'Does all attacks and defenses of a plan, each victim once, each run in a folder of its own. What is done stays: the ' +
        'same command goes on after an interruption, and with --resume also with a larger plan.',
    );
  addFlagGroups(command, FLAGS);
  addSandboxFlag(command);
  addOutputFlags(command);
  addExamples(command, [
    'sau-native sweep plan.yaml --dry-run',
    'sau-native sweep plan.yaml --out sweeps/paper --jobs 4',
    'sau-native sweep plan.yaml --out sweeps/paper --resume --retry-failed',
    'sau-native sweep plan.yaml --engine slurm --wait',
    'sau-native sweep plan.yaml --engine kubernetes > jobs.yaml',
    'sau-native sweep status sweeps/paper',
    'sau-native sweep report sweeps/paper',
  ]);
  command.action(async () => {
    finish(await inUsersWords(() => sweepPlan(command.args[0], command.opts()), spell));
  });
  registerStatus(command, finish);
  registerReport(command, finish);
  registerStep(command, finish);
}

// The command takes flags that it has itself also after the name of a subcommand: there they count for that one.

function registerStatus(parent: Command, finish: Finish): void {
  const command = parent
    .command('status')
    .argument('<dir>', 'the folder of a sweep')
    .description(
      'Tells what became of the steps of a sweep, by its folders alone, whatever engine does them, also while it runs.',
    );
  addOutputFlags(command);
  addExamples(command, ['sau-native sweep status sweeps/paper --json']);
  command.action(async () => {
    finish(
      await inUsersWords(() => tellStatus(command.args[0] ?? '', command.optsWithGlobals()), spell),
    );
  });
}

function registerReport(parent: Command, finish: Finish): void {
  const command = parent
    .command('report')
    .argument('<dir>', 'the folder of a sweep')
    .summary('show attacks by defenses as HTML and CSV')
    .description(
      'Writes the runs of a sweep, done or not, as tables of attacks by defenses with ACC, ASR, RA and DER, mean and deviation ' +
        'over the seeds: one HTML file that needs no other and no network, and two CSV files beside it.',
    );
  addFlagGroups(command, REPORT_FLAGS);
  addOutputFlags(command);
  addExamples(command, ['sau-native sweep report sweeps/paper --out paper.html']);
  command.action(async () => {
    const values = command.optsWithGlobals();
    finish(await inUsersWords(() => report(command.args[0] ?? '', values), spell));
  });
}

function registerStep(parent: Command, finish: Finish): void {
  const command = parent
    .command('step')
    .argument('<dir>', 'the folder of a sweep')
    .argument('[id]', 'the id of a step, or the beginning of it')
    .summary('do one step of a sweep, as an engine does')
    .description(
      'Does one step of a sweep, as an engine does: nothing where it is done, from where it was stopped where it was begun.',
    );
  addFlagGroups(command, STEP_FLAGS);
  addSandboxFlag(command);
  addOutputFlags(command);
  addExamples(command, [
    'sau-native sweep step sweeps/paper 3f2a9c01',
    'sau-native sweep step sweeps/paper --stage 1 --index 12',
    'sau-native sweep step sweeps/paper --list again.txt --index 0',
  ]);
  command.action(async () => {
    const [dir = '', id] = command.args;
    finish(await inUsersWords(() => doStep(dir, id ?? null, command.optsWithGlobals()), spell));
  });
}

/** What the commands have as flags. Any other option stands in the plan, and is spelled there as the library has it. */
const OWN: ReadonlySet<string> = new Set([
  ...[FLAGS, STEP_FLAGS, REPORT_FLAGS].flatMap(keysOf),
  'sandbox',
]);

function spell(name: string): string {
  if (name === 'plan') return '<plan.yaml>';
  return OWN.has(name) ? flagName(name) : name;
}

async function sweepPlan(plan: string | undefined, values: UserOptions): Promise<ExitCode> {
  const options = {...pick(values, keysOf(FLAGS)), plan} as unknown as SweepOptions;
  await confineSweep(values, options);
  const {sweep} = await import('../../lib/sweep.js');
  const view = createSweepView(values.quiet === true);
  const stops = (values.engine ?? 'local') === 'local';
  const interrupted = (): SauError => {
    if (stops) view.note('interrupted: stopping the steps that go on; Ctrl-C again stops at once');
    return new SauError('ERR_ABORTED', 'Interrupted.');
  };
  const result = await interruptible(
    interrupted,
    () => view.stop(),
    (signal) => sweep(options, {signal, onProgress: view.onProgress}),
  ).catch(async (error: unknown) => {
    throw await withWayOn(error, options, stops);
  });
  const isDry = values.dryRun === true;
  await printResult(
    values.json === true,
    'sweep',
    () => result,
    () => (isDry ? planLines(result) : resultLines(result)).join('\n'),
  );
  const {total, done} = result.counts;
  const isGiven = result.submitted !== null || result.manifest !== null;
  return isDry || isGiven || done === total ? EXIT.done : EXIT.failed;
}

/** What a sweep that was interrupted came to, by its folder, and how it goes on. */
async function withWayOn(error: unknown, options: SweepOptions, stops: boolean): Promise<unknown> {
  if (!(error instanceof SauError) || error.code !== 'ERR_ABORTED') return error;
  const {parseSweepConfig} = await import('../../lib/sweep/config.js');
  const {sweepStatus} = await import('../../lib/sweep/status.js');
  const {folder} = await parseSweepConfig(options);
  const status = await sweepStatus(folder).catch(() => null); // it may not have begun
  const came =
    status === null ? 'Interrupted before a step.' : `Interrupted: ${countsLine(status.counts)}.`;
  const remedy = stops
    ? 'Run the same command again to go on.'
    : `What the scheduler has goes on: \`sau-native sweep status ${folder}\` tells how far.`;
  return new SauError(error.code, came, {cause: error, remedy, details: {...status?.counts}});
}

/** A scheduler is another program and needs the network; what it starts is confined by itself. */
async function confineSweep(values: UserOptions, options: SweepOptions): Promise<void> {
  if (inSandbox()) return;
  const {parseSweepConfig} = await import('../../lib/sweep/config.js');
  const {dryRun, engine, folder, steps} = await parseSweepConfig(options);
  if (dryRun || engine !== 'local') return;
  await sandboxed(values, async () => {
    const {readsOfSteps} = await import('../../lib/sandbox/sweep_needs.js');
    const reads = readsOfSteps({steps, base: process.cwd()});
    return {reads: [...reads, String(options.plan)], makes: folder, spills: true};
  });
}

async function tellStatus(dir: string, values: UserOptions): Promise<ExitCode> {
  const {sweepStatus} = await import('../../lib/sweep/status.js');
  const status = await sweepStatus(dir);
  await printResult(
    values.json === true,
    'sweep-status',
    () => status,
    () => [...statusLines(status), ...failureLines(status)].join('\n'),
  );
  return EXIT.done;
}

async function report(dir: string, values: UserOptions): Promise<ExitCode> {
  const {sweepReport} = await import('../../lib/sweep/report/sweep_report.js');
  const result = await sweepReport(dir, pick(values, keysOf(REPORT_FLAGS)));
  const {path, tablesCsv, runsCsv, counts} = result;
  await printResult(
    values.json === true,
    'sweep-report',
    () => result,
    () => [`${countsLine(counts)}; written:`, path, tablesCsv, runsCsv].join('\n'),
  );
  return EXIT.done;
}

async function doStep(dir: string, id: string | null, values: UserOptions): Promise<ExitCode> {
  const {parseStepConfig} = await import('../../lib/sweep/config.js');
  const {findStep, readStepList} = await import('../../lib/sweep/find_step.js');
  const {runStep, taskOf} = await import('../../lib/sweep/run_step.js');
  const {readSweepFile} = await import('../../lib/sweep/sweep_file.js');
  const start = performance.now();
  const {list: path, ...choice} = parseStepConfig(pick(values, keysOf(STEP_FLAGS)));
  const list = path === null ? null : await readStepList(path);
  const folder = resolve(dir);
  const file = await readSweepFile(folder);
  const step = findStep(file.steps, {id, ...choice, list});
  const task = taskOf(folder, file, step);
  await sandboxed(values, async () => {
    const {readsOfSteps} = await import('../../lib/sandbox/sweep_needs.js');
    const reads = readsOfSteps({steps: [step, ...task.needs], base: task.base});
    const listed = path === null ? [] : [path];
    return {reads: [...reads, ...listed], writes: [folder], spills: true};
  });
  const {result: isNew} = await longRun(values.quiet === true, [step.folder], (run) =>
    runStep(task, {...run, waits: false}),
  );
  const seconds = (performance.now() - start) / 1000;
  const {options: _, ...shown} = step;
  await printResult(
    values.json === true,
    'sweep-step',
    () => ({...shown, wasDone: !isNew, seconds}),
    () =>
      isNew ? `${step.folder} is done, in ${duration(seconds)}` : `${step.folder} was done before`,
  );
  return EXIT.done;
}
