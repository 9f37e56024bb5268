import type {Command} from 'commander';
import {SauError} from '../../lib/base/errors.js';
import {SETUP} from '../../lib/options/commands/commands.js';
import type {UserOptions} from '../../lib/options/parse.js';
import type {SetupRemoval, SetupResult} from '../../lib/setup.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {EXIT, type ExitCode} from '../errors.js';
import {
  addExamples,
  addFlags,
  addOutputFlags,
  flag,
  flagGroups,
  flagName,
  keysOf,
  pick,
} from '../flags.js';
import {commandLine, nextLines} from '../next_steps.js';
import {printResult, problemLines} from '../output.js';
import {askConsent, planTable, withSetupView} from '../setup_view.js';

const FLAGS = flagGroups(SETUP);

export function registerSetup(program: Command, finish: Finish): void {
  const command = program
    .command('setup')
    .summary('fetch LibTorch, which does the work')
    .description(
      'Fetches LibTorch into the cache of this package: through pip if python3 has it, else as the official zip. ' +
        'Says what it will fetch from where, and asks. The cache is SAU_NATIVE_CACHE, by default ~/.cache/sau-native.',
    );
  addFlagGroups(command, FLAGS);
  addFlags(command, 'Run:', [
    flag('yes', '', 'do not ask'),
    flag('remove', '', 'remove what setup has put in the cache; asks too'),
  ]);
  addOutputFlags(command);
  addExamples(command, [
    'sau-native setup',
    'sau-native setup --variant cuda --yes',
    'sau-native setup --from libtorch-shared-with-deps-2.13.0+cpu.zip --yes',
    'sau-native setup --remove',
  ]);
  runs(command, finish, (values) => (values.remove === true ? remove(values) : fetch(values)));
}

async function fetch(values: UserOptions): Promise<ExitCode> {
  const quiet = values.quiet === true;
  const {parseSetupConfig} = await import('../../lib/options/config.js');
  const config = parseSetupConfig(pick(values, keysOf(FLAGS)));
  const {carryOut, planFor} = await import('../../lib/setup.js');
  const plan = await planFor(config);
  if (plan.present === null) {
    if (!quiet) process.stderr.write(`${planTable(plan)}\n`);
    if (values.yes !== true) await askConsent('setup --yes');
  }
  const result = await withSetupView(quiet, (run) => carryOut(plan, run));
  await printResult(
    values.json === true,
    'setup',
    () => result,
    () => describe(result),
  );
  return result.problems.some(({severity}) => severity === 'error') ? EXIT.failed : EXIT.done;
}

async function remove(values: UserOptions): Promise<ExitCode> {
  const others = keysOf(FLAGS).filter((key) => values[key] !== undefined);
  if (others.length > 0) {
    const names = others.map(flagName).join(', ');
    throw new SauError('ERR_CONFIG', `Expected --remove alone but received ${names} with it`);
  }
  const {planRemoval, removeSetup} = await import('../../lib/setup.js');
  const {sizeOf} = await import('../../lib/download/disk.js');
  const {removed: doomed} = await planRemoval();
  if (doomed.length > 0 && values.yes !== true) {
    if (values.quiet !== true) {
      process.stderr.write(`${doomed.map((path) => `to remove: ${path}`).join('\n')}\n`);
    }
    await askConsent('setup --remove --yes');
  }
  const result = await withSetupView(values.quiet === true, (run) => removeSetup(run));
  await printResult(
    values.json === true,
    'setup-remove',
    () => result,
    () => describeRemoval(result, sizeOf),
  );
  return EXIT.done;
}

function describe({action, libtorch, variant, problems}: SetupResult): string {
  const what = `LibTorch ${libtorch.version} (${variant === 'cpu' ? 'cpu' : `CUDA ${libtorch.cuda}`})`;
  const done =
    action === 'present'
      ? `${what} is already in ${libtorch.root}`
      : `${what} is now in ${libtorch.root}`;
  const works = !problems.some(({severity}) => severity === 'error');
  const next = works
    ? {what: 'see it work on synthetic images, in a few minutes', command: commandLine('demo', {})}
    : {what: 'check again once that is mended', command: commandLine('doctor', {})};
  return [done, ...problemLines(problems), ...nextLines([next])].join('\n');
}

function describeRemoval(
  {cache, removed, kept, freedBytes}: SetupRemoval,
  sizeOf: (bytes: number) => string,
): string {
  if (removed.length === 0 && kept.length === 0) return `nothing to remove in ${cache}`;
  return [
    ...removed.map((path) => `removed ${path}`),
    ...kept.map((path) => `kept ${path}, which setup did not make`),
    `${sizeOf(freedBytes)} freed`,
  ].join('\n');
}
