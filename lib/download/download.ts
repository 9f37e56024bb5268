import {open, readFile, rm, stat, writeFile} from 'node:fs/promises';
import type {IncomingMessage} from 'node:http';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {unwritableFile} from '../base/whole_file.js';
import {hasSum, requireSum, type Sum} from './checksum.js';
import {requireSpace} from './disk.js';
import {ask, FinalAnswer, shownUrl} from './http.js';
import type {DownloadRun} from './progress.js';

/** How many tries without a single byte end the download. */
const MOST_FRUITLESS_TRIES = 5;
const FIRST_PAUSE_MS = 300;
const DISK_IS_FULL = ['ENOSPC', 'EDQUOT'];

/**
 * Fetches a file over HTTP to `path`. After a broken connection the download continues where it stopped, even in a
 * later process, or starts again if the server supports no ranges. A file with a wrong checksum is removed. Throws
 * ERR_DOWNLOAD, ERR_CHECKSUM, ERR_OUTPUT, or the reason of the signal. After ERR_DOWNLOAD or an abort the partial
 * file stays for the next try.
 */
export async function download(
  url: string,
  sum: Sum,
  path: string,
  run: DownloadRun,
): Promise<void> {
  const part = new PartFile(path, url);
  const isPieced = await fetchWhole(part, run);
  if (isPieced && !(await hasSum(path, sum, run.signal))) {
    // The pieces may belong to two different files, so download once more from the start.
    run.onProgress({kind: 'note', message: 'what was resumed does not fit: starting again'});
    await part.discard();
    await fetchWhole(part, run);
  }
  await requireSum(path, sum, shownUrl(url), run.signal).catch(async (error: unknown) => {
    if (error instanceof SauError && error.code === 'ERR_CHECKSUM') await part.discard();
    throw error;
  });
}

/** Returns whether the file was downloaded in more than one piece. */
async function fetchWhole(part: PartFile, run: DownloadRun): Promise<boolean> {
  const {signal} = run;
  for (let fruitless = 0; ; ) {
    const before = await part.size();
    try {
      await fetchRest(part, before, run);
      return before > 0;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SauError) {
        if (DISK_IS_FULL.includes(String(error.details.errno))) await part.discard();
        throw error;
      }
      const after = await part.size();
      fruitless = after > before ? 0 : fruitless + 1;
      if (error instanceof FinalAnswer || fruitless === MOST_FRUITLESS_TRIES) {
        throw failed(part.url, error, run);
      }
      const message = `${reasonOf(error)}: trying again from byte ${after}`;
      run.onProgress({kind: 'note', message});
      const pause = FIRST_PAUSE_MS * 2 ** fruitless;
      await sleep(pause, undefined, {signal}).catch(() => signal.throwIfAborted());
    }
  }
}

async function fetchRest(part: PartFile, have: number, run: DownloadRun): Promise<void> {
  const answer = await ask(part.url, await rangeFrom(part, have), run.signal);
  try {
    const status = answer.statusCode ?? 0;
    if (status === 416 && have > 0) {
      if (totalOf(answer) === have) return; // it was complete already
      await part.discard();
      throw new Error('the server has no more of the file');
    }
    if (status !== 200 && status !== 206) {
      const text = `the server answered ${status}`;
      const mayPass = status >= 500 || status === 408 || status === 429;
      throw mayPass ? new Error(text) : new FinalAnswer(text);
    }
    const start = status === 206 ? startOf(answer) : 0;
    if (start !== 0 && start !== have) throw new FinalAnswer('the server sent other bytes');
    await receive(part, answer, start, run);
  } finally {
    answer.destroy();
  }
}

/** With If-Range the server sends the whole file if it has changed. */
async function rangeFrom(part: PartFile, have: number): Promise<Record<string, string>> {
  if (have === 0) return {};
  const validator = await part.validator();
  return {range: `bytes=${have}-`, ...(validator === null ? {} : {'if-range': validator})};
}

async function receive(
  part: PartFile,
  answer: IncomingMessage,
  start: number,
  run: DownloadRun,
): Promise<void> {
  const refuse = (error: unknown): never => {
    throw unwritableFile(part.path, error);
  };
  const total = totalOf(answer);
  if (total !== null) await requireSpace(dirname(part.path), total - start, 'the download', run);
  await part.remember(validatorOf(answer)).catch(refuse);
  const file = await open(part.path, start === 0 ? 'w' : 'a').catch(refuse);
  let done = start;
  try {
    run.onProgress({kind: 'bytes', done, total});
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      run.signal.throwIfAborted();
      await file.appendFile(chunk).catch(refuse);
      done += chunk.length;
      run.onProgress({kind: 'bytes', done, total});
    }
  } finally {
    await file.close();
  }
  if (total !== null && done !== total) {
    throw new Error(`the connection ended at ${done} of ${total} bytes`);
  }
}

/** A weak ETag does not promise the same bytes. */
function validatorOf({headers}: IncomingMessage): string | null {
  const {etag} = headers;
  return etag?.startsWith('W/') === false ? etag : (headers['last-modified'] ?? null);
}

function startOf({headers}: IncomingMessage): number {
  return Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1] ?? Number.NaN);
}

function totalOf({statusCode, headers}: IncomingMessage): number | null {
  const range = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const text = statusCode === 200 ? headers['content-length'] : range;
  return text === undefined ? null : Number(text);
}

/** The message of the network error itself, without what wraps it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const message = messageOf(cause);
  return message === '' ? (errnoOf(cause) ?? 'the connection failed') : message;
}

function failed(url: string, cause: unknown, {advice}: DownloadRun): SauError {
  const message = `Expected to fetch ${shownUrl(url)} but ${reasonOf(cause)}.`;
  return new SauError('ERR_DOWNLOAD', message, {
    cause,
    remedy:
      `Check the address, the network and the proxy (HTTPS_PROXY), or ${advice.elsewhere}. ` +
      'What came so far is kept for the next try.',
    details: {url: shownUrl(url)},
  });
}

/** What the server said about the file that the part belongs to. */
interface PartFacts {
  readonly url: string;
  /** The server's mark of this version of the file; null: it gave none. */
  readonly validator: string | null;
}

/** A file that is being downloaded, and a note beside it that says which file it is a part of. */
export class PartFile {
  readonly #facts: string;

  constructor(
    readonly path: string,
    readonly url: string,
  ) {
    this.#facts = `${path}.json`;
  }

  /** The number of bytes that are there. Removes a part from another address. */
  async size(): Promise<number> {
    const size = await stat(this.path).then(
      (facts) => facts.size,
      () => 0,
    );
    if (size === 0 || (await this.#read())?.url === this.url) return size;
    await this.discard();
    return 0;
  }

  async validator(): Promise<string | null> {
    return (await this.#read())?.validator ?? null;
  }

  async remember(validator: string | null): Promise<void> {
    const facts: PartFacts = {url: this.url, validator};
    await writeFile(this.#facts, JSON.stringify(facts));
  }

  async discard(): Promise<void> {
    await rm(this.path, {force: true});
    await rm(this.#facts, {force: true});
  }

  async #read(): Promise<PartFacts | null> {
    try {
      return JSON.parse(await readFile(this.#facts, 'utf8')) as PartFacts;
    } catch {
      return null;
    }
  }
}
