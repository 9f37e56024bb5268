import {execFile} from 'node:child_process';
import {errnoOf, messageOf, SauError} from '../../base/errors.js';
import type {OpenSweep} from '../engine.js';
import type {SweepStep} from '../steps.js';

/** What a program of a scheduler is given besides its arguments. */
interface Given {
  /** What is done with it, such as "submit the jobs of a sweep". */
  readonly purpose: string;
  /** On its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** As much as a list of 100,000 jobs may be. */
const MOST_OUTPUT = 64 * 2 ** 20;

/**
 * What a program of a scheduler prints. Throws ERR_CONFIG where it is not there, or refuses: its own words are in the message
 * and in `details.said`.
 */
export function callScheduler(
  program: string,
  args: readonly string[],
  {purpose, input, signal}: Given,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      encoding: 'utf8' as const,
      maxBuffer: MOST_OUTPUT,
      ...(signal ? {signal} : {}),
    };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal?.aborted === true) reject(signal.reason);
      else reject(refusal(program, purpose, error, stderr));
    });
    child.stdin?.on('error', () => undefined); // it ended before it had read all, and says why
    child.stdin?.end(input ?? '');
  });
}

function refusal(program: string, purpose: string, cause: unknown, stderr: string): SauError {
  if (errnoOf(cause) === 'ENOENT') {
    return new SauError(
      'ERR_CONFIG',
      `Expected the program ${program} on the PATH to ${purpose} but found none.`,
      {cause, remedy: 'Call it on a machine that has it.', details: {program}},
    );
  }
  const said = stderr.trim() || messageOf(cause);
  const message = `Expected ${program} to ${purpose} but it refused: ${said}`;
  return new SauError('ERR_CONFIG', message, {cause, details: {program, said}});
}

/** Steps to do that no process works on: a job of such a step would wait for the other one, and have a machine meanwhile. */
export function idleSteps({todo, status}: OpenSweep): readonly SweepStep[] {
  const running = new Set(status.flatMap(({id, state}) => (state === 'running' ? [id] : [])));
  return todo.filter(({id}) => !running.has(id));
}
