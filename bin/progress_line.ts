import {duration} from './output.js';

/** How far something is, in parts that give way where a line is short. */
export interface ProgressParts {
  /** Share that is done, in [0,1]. */
  readonly share: number;
  /** Such as "3/100": stays whatever the width. */
  readonly count: string;
  /** Such as ["loss 0.12", "ACC 93.20 %"]: the first ones give way first. */
  readonly status: readonly string[];
  /** null: not known yet. */
  readonly secondsLeft: number | null;
}

/** Widths of the bar that are tried; 0: no bar. */
const BARS = [24, 16, 10, 0] as const;

/** A bar, the count, the status and the time left in at most `columns` columns. */
export function progressLine(parts: ProgressParts, columns: number): string {
  const {share, count, status, secondsLeft} = parts;
  const left = secondsLeft === null ? [] : [`${duration(secondsLeft)} left`];
  for (let gone = 0; gone <= status.length; gone++) {
    const text = [count, ...status.slice(gone), ...left].join(' | ');
    // All of the status with a shorter bar, before some of it without any.
    const bar = BARS.find((width) => (width === 0 ? 0 : width + 1) + text.length <= columns);
    if (bar !== undefined) return bar === 0 ? text : `${barOf(share, bar)} ${text}`;
  }
  return count.slice(0, columns);
}

/** For a stage that counts nothing: the time that has passed, from the first second on. */
export function elapsedLine(stage: string, milliseconds: number, columns: number): string {
  return milliseconds < 1000 ? '' : `${duration(milliseconds / 1000)} ${stage}`.slice(0, columns);
}

function barOf(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
