import {EXIT} from './errors.js';

/**
 * Lets a command go on where nobody reads what it prints: a closed pipe, a full disk. Its files are worth more than
 * its words. A result that could not be written to stdout makes the exit code that of a failure, unless its reader has
 * closed the pipe, as `| head` does: then the code is the command's own.
 */
export function outliveOutput(): void {
  survive(process.stderr, () => undefined);
  survive(process.stdout, (code) => {
    if (code === 'EPIPE') return;
    process.once('exit', () => {
      process.exitCode ||= EXIT.failed;
    });
  });
}

/** Nothing more is written after the first failure, of which `onFailure` hears. */
function survive(stream: NodeJS.WriteStream, onFailure: (code: string | undefined) => void): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let failed = false;
  const fail = (error: NodeJS.ErrnoException): void => {
    if (failed) return;
    failed = true;
    onFailure(error.code);
  };
  stream.on('error', fail);
  const attempt = (...args: unknown[]): boolean => {
    if (!failed) {
      try {
        return write(...args);
      } catch (error) {
        fail(error as NodeJS.ErrnoException); // a file is written at once, and throws
      }
    }
    const done = args.find((arg) => typeof arg === 'function');
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  stream.write = attempt as typeof stream.write;
}
