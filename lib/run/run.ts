import {requireObject} from '../base/typed_array.js';
import type {Progress, RunOptions} from './progress.js';

/**
 * A long call: a promise of its result and, at the same time, an async iterable of its progress.
 *
 * `for await (const progress of run)` gives what `onProgress` is told, from the start of the run, also
 * to a loop that begins later. It ends with the run and throws the run's error; `await run` then gives
 * the result. Nothing waits for the loop: of the `batch` and `images` messages that come while its body is
 * busy only the last is kept, of all others none is lost. Leaving the loop does not stop the run: `signal` does.
 */
export interface Run<T, Told = Progress> extends Promise<T>, AsyncIterable<Told> {}

/** A message, or one of a run that is a part of another. */
interface Message {
  readonly kind: string;
  readonly progress?: {readonly kind: string};
}

/**
 * Starts `work`. Its progress goes to the options' `onProgress` and to all who iterate the run. `work` receives a
 * signal that is aborted by the options' signal, or by an error that `onProgress` throws, with which the run then
 * rejects. Where the options' signal is aborted before, the run rejects with its reason and `work` is not called.
 */
export function startRun<T, Options extends RunOptions<Told>, Told extends Message = Progress>(
  given: Options,
  work: (options: Options & Required<RunOptions<Told>>) => Promise<T>,
): Run<T, Told> {
  // Programs without types may pass null.
  const options = (given ?? {}) as Options;
  const told: Told[] = [];
  const readers = new Set<Reader<Told>>();
  let ended = false;
  const stop = new AbortController();
  const follow = (): void => stop.abort(options.signal?.reason);
  let failure: {readonly error: unknown} | undefined;
  const onProgress = (progress: Told): void => {
    if (countOf(progress) === null) told.push(progress);
    for (const reader of readers) reader.push(progress);
    try {
      options.onProgress?.(progress);
    } catch (error) {
      // Most calls come from the native core, which cannot handle an exception.
      failure ??= {error};
      stop.abort(error);
    }
  };
  const settle = async (): Promise<T> => {
    try {
      requireObject(given, 'the options of a run');
      options.signal?.throwIfAborted();
      options.signal?.addEventListener('abort', follow, {once: true});
      const value = await work({...options, signal: stop.signal, onProgress});
      if (failure !== undefined) throw failure.error;
      return value;
    } catch (error) {
      // The signal has no reason `undefined`, which may have been thrown.
      throw failure === undefined ? error : failure.error;
    } finally {
      options.signal?.removeEventListener('abort', follow);
      ended = true;
      for (const reader of readers) reader.wake();
    }
  };
  const result = settle();

  async function* read(reader: Reader<Told>): AsyncGenerator<Told, void, undefined> {
    try {
      for (;;) {
        const progress = reader.shift();
        if (progress !== undefined) yield progress;
        else if (ended) break;
        else await reader.more();
      }
      await result;
    } finally {
      readers.delete(reader);
    }
  }
  const iterate = (): AsyncGenerator<Told, void, undefined> => {
    const reader = new Reader(told);
    readers.add(reader);
    result.catch(() => undefined); // the loop throws the error, so a run that is only iterated counts as handled
    return read(reader);
  };
  return Object.defineProperty(result, Symbol.asyncIterator, {value: iterate}) as Run<T, Told>;
}

/** The kind of a count, which is past when the next one comes: of these there are many more than of all others. */
function countOf({kind, progress}: Message): string | null {
  const counted = progress?.kind ?? kind;
  return counted === 'batch' || counted === 'images' ? counted : null;
}

/** The messages that a loop has not received yet. */
class Reader<Told extends Message> {
  readonly #waiting: Told[];
  #wake: () => void = () => undefined;

  constructor(told: readonly Told[]) {
    this.#waiting = [...told];
  }

  push(progress: Told): void {
    const last = this.#waiting.length - 1;
    const before = this.#waiting[last];
    const count = countOf(progress);
    const replaces = count !== null && before !== undefined && countOf(before) === count;
    this.#waiting.splice(replaces ? last : last + 1, 1, progress);
    this.wake();
  }

  shift(): Told | undefined {
    return this.#waiting.shift();
  }

  /** Resolves at the next message or at the end of the run. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }
}
