import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import type {ImageSet} from '../datasets/image_set.js';
import {type DefenseName, defenseTable} from '../defenses/defenses.js';
import {versions} from '../native/versions.js';
import {parseDefendConfig} from '../options/config.js';
import {named} from '../options/named.js';
import {pathsOf} from '../options/option.js';
import {optionsOfDefense} from '../options/tables.js';
import type {DefendConfig} from '../options/types.js';
import {
  type DefenseState,
  hasDefenseState,
  readDefenseState,
  removeDefenseState,
  removePartialStates,
} from '../records/defense_state.js';
import {DEFENSE_STATE} from '../records/layout.js';
import {sha256OfFile} from '../records/run.js';
import {type Identity, optionsOf, requireSame, sha256OfImages} from '../records/saved_state.js';
import type {Beginning} from '../run/beginning.js';
import type {Target} from '../target/target.js';

/** A part of a run without interruption: its beginning, or where it goes on. */
export interface Sitting {
  /** Where the state is: the folder of the result. */
  readonly folder: string;
  /** Where the run was interrupted; null for one that begins. */
  readonly saved: DefenseState | null;
  /** What an equal run must have, except for the clean images. */
  readonly identity: Identity;
  /** The options that were given. */
  readonly asked: DefendConfig;
  /** Where it goes on, the options that the time budget of its beginning has left of them. */
  readonly config: DefendConfig;
  /** When the run began. */
  readonly started: Date;
  /** When the sitting began. */
  readonly begun: Beginning;
}

/** Options that may differ where a run goes on: they change no result, or what they name is compared by its contents. */
const ELSEWHERE = [
  ...['ckpt', 'recordRoot', 'program', 'data', 'out', 'force', 'resume', 'saveEvery', 'report'],
  ...['device', 'threads', 'dataMemory'],
] as const;

/** A run that was interrupted is no result, and can go on. Throws ERR_OUTPUT. */
export async function requireNoState(folder: string): Promise<void> {
  if (!(await hasDefenseState(folder))) return;
  const path = join(folder, DEFENSE_STATE);
  throw new SauError(
    'ERR_OUTPUT',
    `Expected a folder without a defense at ${folder} but received one that was interrupted, ${path}.`,
    {
      remedy: `Set ${named('resume')} to go on with it, or ${named('force')} to start anew.`,
      details: {folder, path, interrupted: true},
    },
  );
}

/**
 * Begins a run in its folder or, with `resume`, goes on with the one that was interrupted there. Throws ERR_OUTPUT
 * where there is one and `force` does not say to forget it, ERR_CHECKPOINT where there is none, or a damaged one,
 * and ERR_CONFIG for one with other options, of another checkpoint or of another version.
 */
export async function openSitting(
  folder: string,
  {asked, target, begun}: {asked: DefendConfig; target: Target; begun: Beginning},
): Promise<Sitting> {
  const identity = await identityOf(asked, target);
  const beginning = {
    ...{folder, saved: null, identity, asked, config: asked},
    ...{started: begun.date, begun},
  };
  if (!asked.resume) {
    if (!asked.force) await requireNoState(folder);
    await removeDefenseState(folder);
    return beginning;
  }
  const saved = await readDefenseState(folder);
  requireEqual(folder, asked.method, withoutImages(saved.identity), identity);
  await removePartialStates(folder);
  const {config, started} = saved.facts;
  const elsewhere = Object.entries(asked).filter(([name]) => isElsewhere(name));
  return {
    ...beginning,
    saved,
    config: parseDefendConfig({...config, ...Object.fromEntries(elsewhere)}),
    started: new Date(started),
  };
}

/** The identity with the clean images. Throws ERR_CONFIG where the run goes on with others. */
export async function identityWith(
  {folder, saved, identity, asked}: Sitting,
  clean: ImageSet | null,
): Promise<Identity> {
  if (clean === null) return identity;
  const {images: cleanImages, labels: cleanLabels} = await sha256OfImages(clean);
  const whole = {...identity, cleanImages, cleanLabels};
  if (saved !== null) requireEqual(folder, asked.method, saved.identity, whole);
  return whole;
}

/** Seconds that the run has taken in its sittings so far. */
export function secondsSoFar({saved, begun}: Sitting): number {
  return (saved?.facts.seconds ?? 0) + begun.seconds;
}

function isElsewhere(name: string): boolean {
  return ELSEWHERE.some((other) => other === name);
}

async function identityOf(asked: DefendConfig, target: Target): Promise<Identity> {
  const {sauNative, libtorch} = await versions();
  const {checkpoint, program, model, numClasses, mean, std, size} = target;
  const files = await Promise.all(pathsOf(defenseTable(asked.method), asked).map(sha256OfFile));
  return {
    ...{sauNative, libtorch},
    ...optionsOf({...asked, model, numClasses, mean, std}, new Set(ELSEWHERE)),
    size: `${size.height}x${size.width}`,
    checkpoint: await sha256OfFile(checkpoint.path),
    ...(program === null ? {} : {program: await sha256OfFile(program.path)}),
    ...(files.length === 0 ? {} : {files: files.join(' ')}),
  };
}

function withoutImages({cleanImages: _images, cleanLabels: _labels, ...rest}: Identity): Identity {
  return rest;
}

function requireEqual(folder: string, method: DefenseName, saved: Identity, asked: Identity): void {
  const what = `the defense that was interrupted in ${folder}`;
  const difference = {what, options: optionsOfDefense(method), details: {folder}};
  // Methods have options of their own, all of which would differ.
  const ofMethod = ({method = ''}: Identity): Identity => ({method});
  requireSame(difference, ofMethod(saved), ofMethod(asked));
  requireSame(difference, saved, asked);
}
