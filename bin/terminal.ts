import {styleText} from 'node:util';

/** Where a command of this process writes to. */
export type Output = NodeJS.WriteStream;

/** Whether a line can be drawn over and over on it: on a terminal, and not in CI. */
export function canDraw(stream: Output): boolean {
  return stream.isTTY && !process.env.CI && process.env.TERM !== 'dumb';
}

/** In color on a terminal, or where FORCE_COLOR asks for it; never with NO_COLOR. */
export function hasColors(
  stream: Pick<Output, 'isTTY' | 'hasColors'>,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  if (env.NO_COLOR) return false;
  const {FORCE_COLOR: forced} = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY && stream.hasColors(env);
}

const STYLES = {
  error: ['red', 'bold'],
  note: ['yellow'],
  heading: ['bold'],
  command: ['cyan'],
  best: ['bold'],
  second: ['underline'],
  good: ['green', 'bold'],
} as const;

export type Style = keyof typeof STYLES;

/** Text for a stream, in color where it can have any. */
export function painted(style: Style, text: string, stream: Output): string {
  // styleText would ask stdout, whatever the stream is, and in newer versions of Node alone.
  return hasColors(stream) ? styleText([...STYLES[style]], text, {validateStream: false}) : text;
}

const MS_BETWEEN_FRAMES = 100;
const CLEAR = '\r\x1b[K';

/** A note, which is printable already. */
export function noteLine(message: string): string {
  return `${painted('note', 'note:', process.stderr)} ${message}`;
}

/** Lines on stderr that stay; on a terminal above one that is drawn over and over. */
export class LinesOfRuns {
  readonly #line = canDraw(process.stderr) ? new StatusLine(process.stderr) : null;

  get isTerminal(): boolean {
    return this.#line !== null;
  }

  write(text: string): void {
    if (this.#line === null) process.stderr.write(`${text}\n`);
    else this.#line.write(text);
  }

  /** Draws `line` where there is a terminal. */
  show(line: (columns: number) => string): void {
    this.#line?.show(line);
  }

  clear(): void {
    this.#line?.clear();
  }
}

/** The last line of a terminal, drawn over and over. What is written meanwhile appears above it. */
export class StatusLine {
  readonly #stream: Output;
  #line: ((columns: number) => string) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Output) {
    this.#stream = stream;
  }

  /** Draws `line`, now and ten times a second. It is told how many columns it has, and is to need no more. */
  show(line: (columns: number) => string): void {
    this.#line = line;
    if (this.#timer !== undefined) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), MS_BETWEEN_FRAMES);
    this.#timer.unref();
  }

  /** Writes whole lines above. */
  write(text: string): void {
    this.#stream.write(this.#timer === undefined ? `${text}\n` : `${CLEAR}${text}\n`);
    if (this.#timer !== undefined) this.#draw();
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#line = null;
    this.#stream.write(CLEAR);
  }

  #draw(): void {
    // The last column stays free: some terminals go to the next line once it is filled.
    const columns = (this.#stream.columns || 80) - 1;
    this.#stream.write(`${CLEAR}${this.#line?.(columns).slice(0, columns) ?? ''}`);
  }
}
