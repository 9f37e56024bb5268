import {isDeepStrictEqual} from 'node:util';
import type {Option} from '../options/option.js';
import {optionsOfRun} from '../options/tables.js';
import type {RunSummary} from '../records/run_summary.js';

/** Where the report and earlier results go does not belong to the run. */
const NOT_OF_THE_RUN: ReadonlySet<string> = new Set(['force', 'report', 'recordRoot', 'out']);
/** Longer lines are broken. */
const LINE = 76;

/** The command line that repeats a run: every option whose value is not its default. */
export function commandLine({kind, method, options, seed}: RunSummary): string {
  const start = kind === 'attack' ? ['sau-native attack', quoted(method)] : ['sau-native defend'];
  const chosen = kind === 'attack' ? [] : [`--method ${quoted(method)}`];
  const flags = Object.entries(optionsOfRun(kind, method)).flatMap(([name, option]) =>
    NOT_OF_THE_RUN.has(name) || name === 'seed' ? [] : flagOf(name, option, options[name]),
  );
  return broken([start.join(' '), ...chosen, ...flags, `--seed ${seed}`]);
}

function flagOf(name: string, option: Option, value: unknown): string[] {
  const usual = 'default' in option ? option.default : undefined;
  if (value === undefined || value === null || isDeepStrictEqual(value, usual)) return [];
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (typeof value === 'boolean') {
    if (value && option.value === '') return [flag];
    return [`${flag} ${value ? 'on' : 'off'}`];
  }
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return [`${flag} ${quoted(text)}`];
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function broken(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE)
      lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines.join(' \\\n    ');
}
