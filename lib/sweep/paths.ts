import {isAbsolute, resolve} from 'node:path';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {isWithin} from '../base/path_within.js';
import {isCleanPath} from '../datasets/clean_subset.js';
import type {Option} from '../options/option.js';
import {optionsOfRun} from '../options/tables.js';
import type {AttackConfig} from '../options/types.js';
import {folderToPoison} from '../simulation/opened_attack.js';
import type {SweepStep} from './steps.js';

/** A file or folder outside of the sweep that steps read. */
export interface NamedPath {
  /** The option that names it. */
  readonly option: string;
  /** As the plan has it. */
  readonly path: string;
  /** The first step that reads it. */
  readonly folder: string;
  /** How many steps read it. */
  readonly count: number;
}

/** What steps read besides what is in the folder of the sweep: data sets, clean images, victims that are there, pictures. */
export function namedPathsOf(steps: readonly SweepStep[]): readonly NamedPath[] {
  const found = new Map<string, NamedPath>();
  for (const step of steps) {
    for (const {option, path} of pathsOfStep(step)) {
      const key = JSON.stringify([option, path]);
      const {folder = step.folder, count = 0} = found.get(key) ?? {};
      found.set(key, {option, path, folder, count: count + 1});
    }
  }
  return [...found.values()];
}

/** Throws ERR_CONFIG with all that steps name and that is not there. */
export async function requirePaths(steps: readonly SweepStep[], base: string): Promise<void> {
  const missing: NamedPath[] = [];
  for (const named of namedPathsOf(steps)) {
    if (!(await pathExists(resolve(base, named.path)))) missing.push(named);
  }
  if (missing.length === 0) return;
  throw pathError(
    missing,
    'a file or folder that is there',
    `Correct the plan; its paths begin at ${base}.`,
  );
}

/**
 * Throws ERR_CONFIG with all that steps name and that a machine does not have which sees one folder alone.
 * @param root The folder as this machine has it
 * @param elsewhere The folder as the other machine has it
 */
export function requireWithin(
  steps: readonly SweepStep[],
  base: string,
  {root, elsewhere}: {readonly root: string; readonly elsewhere: string},
): void {
  const outside = namedPathsOf(steps).filter(({path}) => {
    // An absolute path is taken as it is there; any other begins at the base, which lies in the folder.
    return !(isAbsolute(path) ? isWithin(elsewhere, path) : isWithin(root, resolve(base, path)));
  });
  if (outside.length === 0) return;
  throw pathError(
    outside,
    'a path in the claim',
    `Put it into ${root}, and give its path from ${base}, or the one that begins with ${elsewhere}.`,
  );
}

/** More are in the details of the error. */
const MOST_TOLD = 20;

function pathError(paths: readonly NamedPath[], expected: string, remedy: string): SauError {
  const lines = paths.slice(0, MOST_TOLD).map(({option, path, folder, count}) => {
    const more = count === 1 ? '' : ` and ${count - 1} more`;
    return `Expected ${expected} for ${option} of ${folder}${more} but received ${path}.`;
  });
  const others = paths.length - lines.length;
  if (others > 0) lines.push(`And ${others} more are wrong.`);
  return new SauError('ERR_CONFIG', lines.join('\n'), {remedy, details: {paths}});
}

function pathsOfStep({kind, method, options}: SweepStep): {option: string; path: string}[] {
  const named = Object.entries<Option>(optionsOfRun(kind, method)).flatMap(([option, form]) => {
    const value = options[option];
    const isPath = typeof value === 'string' && isPathOf(option, form, value);
    return isPath ? [{option, path: value}] : [];
  });
  if (kind === 'defend' || options.data !== undefined) return named;
  const {dataset = 'auto'} = options as Partial<Pick<AttackConfig, 'dataset'>>;
  return [{option: 'data', path: folderToPoison({data: null, dataset})}, ...named];
}

function isPathOf(option: string, form: Option, value: string): boolean {
  switch (form.type) {
    case 'path':
      return true;
    case 'choice':
      return form.orFile === true && !form.choices.includes(value);
    default:
      return option === 'clean' && isCleanPath(value);
  }
}
