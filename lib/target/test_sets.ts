import {SauError} from '../base/errors.js';
import {loadPoisonedPngs, type PoisonedPng} from '../datasets/decode.js';
import {fetchAdvice} from '../datasets/fetch_hint.js';
import type {ImageSet} from '../datasets/image_set.js';
import {named} from '../options/named.js';
import {poisonedEntries} from '../records/attack_result.js';
import {createPngResolver} from '../records/record_paths.js';
import type {Metrics} from '../run/metrics.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import {hintOf, type Target} from './target.js';

/** The test sets for measuring a model; null if there is none. */
export interface TestSets {
  readonly cleanTest: ImageSet | null;
  readonly poisonedTest: ImageSet | null;
}

/**
 * Loads the clean test images and the poisoned test images of a target's record, up to the original index
 * `testLimit` (exclusive). Says what cannot be measured. Throws ERR_DATASET.
 */
export async function loadTestSets(
  target: Target,
  testLimit: number | null,
  run: RunOptions,
): Promise<TestSets> {
  const {signal, onProgress} = run;
  const note = (message: string): void => onProgress?.({kind: 'note', message});
  const {dataset} = target;
  const limit = testLimit ?? Number.POSITIVE_INFINITY;
  if (dataset === null)
    note(`no data set with a test split: ACC is not measured${remedyFor(target)}`);
  const cleanTest =
    dataset === null
      ? null
      : await dataset.loadTest(
          Int32Array.from({length: Math.min(limit, dataset.testCount)}, (_, i) => i),
          {signal, onImages: imageCounter(run, 'reading')},
        );
  const pngs = await poisonedTestPngs(target, limit);
  if (pngs.length === 0) note('no poisoned test set: ASR and RA are not measured');
  const poisonedTest =
    pngs.length === 0
      ? null
      : await loadPoisonedPngs(pngs, target.size, {
          ...{signal, memory: target.memory},
          onImages: imageCounter(run, 'reading'),
        });
  return {cleanTest, poisonedTest};
}

/** Which of the sets there are. */
export function measurable({cleanTest, poisonedTest}: TestSets) {
  return {cleanTest: cleanTest !== null, poisonedTest: poisonedTest !== null};
}

/** Throws ERR_DATASET where there is neither set, for whoever has nothing else to do than to measure. */
export function requireTestSets({cleanTest, poisonedTest}: TestSets, target: Target): void {
  if (cleanTest !== null || poisonedTest !== null) return;
  const {path} = target.checkpoint;
  const hint = hintOf(target.record);
  const others = `the data set with ${named('data')}, or the record of the attack with ${named('poisoned')}.`;
  throw new SauError(
    'ERR_DATASET',
    `Expected test images to measure ${path} on but found neither a data set nor poisoned images.`,
    {
      remedy: hint === null ? `Name ${others}` : `${fetchAdvice(hint)}, name ${others}`,
      details: hint === null ? {path} : {path, fetch: hint},
    },
  );
}

/** Classes that the poisoned test images should be predicted as; more than one of an attack on all classes. */
export function targetsOf({poisonedTest}: TestSets): number {
  return new Set(poisonedTest?.labels ?? []).size;
}

/**
 * ACC, ASR, RA and losses of the trainee, whose weights are those of a checkpoint. Throws ERR_DIVERGED naming the
 * checkpoint where its weights give no finite logits.
 */
export async function measureCheckpoint(
  session: Session,
  path: string,
  batchSize: number,
  run: RunOptions,
): Promise<Metrics> {
  try {
    return await session.evaluate('trainee', batchSize, run);
  } catch (cause) {
    if (!(cause instanceof SauError) || cause.code !== 'ERR_DIVERGED') throw cause;
    throw new SauError('ERR_DIVERGED', cause.message, {
      cause,
      remedy: `They are those of ${path}: copy it again, or take another checkpoint.`,
      details: {path},
    });
  }
}

/** Uploads the sets that exist. */
export async function setTestSets(session: Session, sets: TestSets): Promise<void> {
  if (sets.cleanTest !== null) await session.setImages('cleanTest', sets.cleanTest);
  if (sets.poisonedTest !== null) await session.setImages('poisonedTest', sets.poisonedTest);
}

async function poisonedTestPngs({record, folders}: Target, limit: number): Promise<PoisonedPng[]> {
  if (record === null || record.poisonedTest === null) return [];
  const resolver = createPngResolver(record.path, folders);
  const entries = poisonedEntries(record.poisonedTest).filter((e) => e.originalIndex < limit);
  const pngs: PoisonedPng[] = [];
  for (const {path, ...entry} of entries) {
    pngs.push({...entry, path: await resolver.resolve(path)});
  }
  return pngs;
}

function remedyFor({record}: Target): string {
  const hint = hintOf(record);
  return hint === null ? '' : `. ${fetchAdvice(hint)}`;
}
