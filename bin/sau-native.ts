#!/usr/bin/env node
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Command, CommanderError} from 'commander';
import {SauError} from '../lib/base/errors.js';
import {inSandbox, takeOver} from '../lib/sandbox/state.js';
import type {Finish} from './command.js';
import {registerAttack} from './commands/attack.js';
import {registerCompare} from './commands/compare.js';
import {registerData} from './commands/data.js';
import {registerDefend} from './commands/defend.js';
import {registerDemo} from './commands/demo.js';
import {registerDoctor} from './commands/doctor.js';
import {registerEvaluate} from './commands/evaluate.js';
import {registerInspect} from './commands/inspect.js';
import {registerModels} from './commands/models.js';
import {registerReport} from './commands/report.js';
import {registerScan} from './commands/scan.js';
import {registerSetup} from './commands/setup.js';
import {registerSweep} from './commands/sweep.js';
import {exitCodeOf, printError} from './errors.js';
import {addExamples} from './flags.js';
import {exitCodeHere} from './stop_signals.js';
import {outliveOutput} from './streams.js';

function createProgram(finish: Finish): Command {
  const program = new Command('sau-native')
    .description('Purify backdoored image classifiers with Shared Adversarial Unlearning.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({outputError: () => undefined});
  registerDefend(program, finish);
  registerCompare(program, finish);
  registerSweep(program, finish);
  registerAttack(program, finish);
  registerEvaluate(program, finish);
  registerScan(program, finish);
  registerReport(program, finish);
  registerInspect(program, finish);
  registerModels(program, finish);
  registerData(program, finish);
  registerSetup(program, finish);
  registerDoctor(program, finish);
  registerDemo(program, finish);
  addExamples(program, [
    'sau-native demo',
    'sau-native inspect model.pt',
    'sau-native scan --ckpt model.pt --clean clean_images/',
    'sau-native defend --ckpt record/badnet_demo --clean 5pct --data data/cifar10',
    'sau-native report record/badnet_demo/defense/sau',
    'sau-native data cifar10',
    'sau-native setup',
    'sau-native doctor',
  ]);
  return program;
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'),
  );
  return String((manifest as {version: unknown}).version);
}

/** Turns commander's errors into ERR_CONFIG. Help and version are not errors. */
function usageError(error: CommanderError, command: string): SauError {
  const message =
    error.code === 'commander.help'
      ? 'Expected a command but received none'
      : error.message.replace(/^error: /, '');
  return new SauError('ERR_CONFIG', `${message}; see ${command} --help`, {cause: error});
}

/** The command whose help lists what `argv` may have, such as "sau-native attack badnet". */
function commandOf(program: Command, argv: readonly string[]): string {
  const names = [program.name()];
  let command: Command | undefined = program;
  for (const word of argv) {
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return names.join(' ');
}

/** The error with what to do about it, where the sandbox led to it. */
async function withSandbox(error: unknown): Promise<unknown> {
  if (!inSandbox()) return error;
  const {explained} = await import('../lib/sandbox/refusal.js');
  return explained(error);
}

/** The only place that prints errors and sets the exit code. */
async function main(argv: readonly string[]): Promise<void> {
  takeOver();
  outliveOutput();
  const program = createProgram((code) => {
    process.exitCode = exitCodeHere(code);
  });
  try {
    await program.parseAsync(argv, {from: 'user'});
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      return;
    }
    const error =
      thrown instanceof CommanderError
        ? usageError(thrown, commandOf(program, argv))
        : await withSandbox(thrown);
    printError(error, argv.includes('--json'));
    process.exitCode = exitCodeHere(exitCodeOf(error));
  }
}

void main(process.argv.slice(2));
