import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import type {ImageSet} from '../datasets/image_set.js';
import {named} from '../options/named.js';
import type {AttackConfig} from '../options/types.js';
import {
  hasAttackCheckpoint,
  identityOf,
  readAttackCheckpoint,
  removeAttackCheckpoint,
} from '../records/attack_checkpoint.js';
import {type RecordedPoison, removeRecord, writeAttackRecord} from '../records/attack_record.js';
import {replacingRecord} from '../records/earlier_record.js';
import {RECORD, RESULTS} from '../records/layout.js';
import {withOutput} from '../report/output_folder.js';
import {writePreview} from '../report/strip.js';
import type {RunOptions} from '../run/progress.js';
import type {AttackFiles, AttackResult} from '../run/results.js';
import {doubtAbout} from '../run/verdict.js';
import {createSession} from '../session/open_session.js';
import type {Session} from '../session/session.js';
import {setTestSets, type TestSets} from '../target/test_sets.js';
import {tellTrainingTime} from '../time/plan_training.js';
import type {OpenedAttack} from './opened_attack.js';
import {initializeVictim, startVictim} from './pretrained.js';
import {scheduleNote, type Training, trainVictim} from './training.js';

/** A victim to be trained, on poisoned images or under an attack that poisons each batch. */
export interface Victim extends OpenedAttack {
  readonly train: ImageSet;
  readonly tests: TestSets;
  readonly training: Training;
  /** The images of the record: known before, or made by the trained attack. */
  readonly poison: RecordedPoison | ((session: Session) => Promise<RecordedPoison>);
}

export type Outcome = Omit<AttackResult, 'record' | 'target' | 'seconds'>;

/**
 * Passes the folder of a record to `work`. With `resume` the folder may hold an interrupted training. Throws
 * ERR_OUTPUT.
 */
export async function withRecord<T>(
  {out, force, resume}: AttackConfig,
  reserveBytes: number,
  work: (record: string) => Promise<T>,
): Promise<T> {
  if (!force && !resume) await requireNoTraining(out);
  const results = resume ? RESULTS : [...RESULTS, RECORD.checkpoint, RECORD.poisonIndex];
  return withOutput(out, {force, reserveBytes, results}, work);
}

/** A training that was interrupted is no result, and can be continued. Throws ERR_OUTPUT. */
async function requireNoTraining(record: string): Promise<void> {
  if (!(await hasAttackCheckpoint(record))) return;
  const path = join(record, RECORD.checkpoint);
  throw new SauError(
    'ERR_OUTPUT',
    `Expected a folder without a training at ${record} but received one that was interrupted, ${path}.`,
    {
      remedy: `Set ${named('resume')} to go on with it, or ${named('force')} to start anew.`,
      details: {path},
    },
  );
}

/**
 * Trains a victim, with `resume` from its last saved epoch, and writes the record. No partial record remains.
 * Throws as `attack` does.
 */
export async function trainAndRecord(
  record: string,
  victim: Victim,
  run: RunOptions,
): Promise<Outcome> {
  const {config, dataset, scale, training, poison} = victim;
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});
  const identity = await identityOf(victim, victim.train, run);
  const start = config.resume ? await readAttackCheckpoint(record, identity) : null;
  stage('training the victim');
  const note = scheduleNote(config, training.options);
  if (note !== null) run.onProgress?.({kind: 'note', message: note});
  const {numClasses} = dataset;
  const {model, program} = victim;
  using session = await createSession({
    ...{...config, ...scale, model, program, numClasses},
    purpose: 'training',
  });
  await initializeVictim(session, program);
  if (start === null) await startVictim(session, victim, run);
  await tellTrainingTime({session, ...victim, epochsDone: start?.epochs.length ?? 0}, run);
  await session.setImages('train', victim.train);
  await setTestSets(session, victim.tests);
  const work = async (): Promise<Outcome> => {
    const early = typeof poison === 'function' ? {} : await previewOf(record, victim, poison, run);
    const saved = {record, start, identity};
    const {epochs, files: epochFiles} = await trainVictim(session, training, saved, run);
    const metrics =
      epochs.at(-1)?.metrics ?? (await session.evaluate('trainee', config.evalBatchSize, run));
    const doubt = doubtAbout(metrics, numClasses);
    if (doubt !== null) run.onProgress?.({kind: 'note', message: doubt});
    const made = typeof poison === 'function' ? await poison(session) : poison;
    const late = typeof poison === 'function' ? await previewOf(record, victim, made, run) : {};
    stage('writing the record');
    const stateDict = await session.exportStateDict();
    const {device, precision} = session;
    // Of a training in several sittings as of one in one.
    const own = {...config, resume: false};
    const recorded = {
      ...victim,
      config: own,
      poison: made,
      stateDict,
      epochs,
      metrics,
      device,
      precision,
    };
    const files = await writeAttackRecord(record, recorded, run);
    await removeAttackCheckpoint(record);
    return {
      metrics,
      epochs,
      poisonedTrainCount: made.poisonedCount,
      device,
      files: {...files, ...epochFiles, ...early, ...late},
    };
  };
  const undo = (error: unknown): Promise<void> => takeBack(record, error, run);
  // The session is open until it is done.
  return await replacingRecord(record, {goesOn: start !== null, work, takeBack: undo});
}

/** Draws the preview if it is wanted. */
export async function previewOf(
  record: string,
  {config, dataset}: OpenedAttack,
  poison: RecordedPoison,
  run: RunOptions,
): Promise<Pick<AttackFiles, 'preview'>> {
  return config.preview ? {preview: await writePreview(record, dataset, poison, run.signal)} : {};
}

/** Removes a partial record, except for a training that can be continued, and says how to continue it. */
async function takeBack(record: string, error: unknown, run: RunOptions): Promise<void> {
  const isUseless = error instanceof SauError && error.code === 'ERR_DIVERGED';
  const keepTraining = !isUseless && (await hasAttackCheckpoint(record));
  await removeRecord(record, {keepTraining});
  if (!keepTraining) return;
  const message = `the last saved epoch is in ${join(record, RECORD.checkpoint)}; run the same attack with resume to go on`;
  run.onProgress?.({kind: 'note', message});
}
