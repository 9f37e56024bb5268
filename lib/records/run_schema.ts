import {z} from 'zod';
import {SauError} from '../base/errors.js';
import {listOf, mapOf} from '../base/first_fault.js';
import type {Metrics} from '../run/metrics.js';
import type {PurificationVerdict} from '../run/verdict_types.js';
import type {RunCost, RunRound, RunSummary} from './run_summary.js';
import {SCHEMA_VERSION} from './schema_version.js';

const number = z.number({error: 'a number'});
const count = z.number({error: 'a count'}).int({error: 'a count'}).min(0, {error: 'a count'});
const text = z.string({error: 'text'});
const triple = z.tuple([number, number, number], {error: 'three numbers'});
const named = <T extends z.ZodType>(values: T) => mapOf(values, {error: 'a map'});

export const metricsSchema = z.object(
  {
    acc: number.nullable(),
    asr: number.nullable(),
    ra: number.nullable(),
    cleanLoss: number.nullable(),
    poisonedLoss: number.nullable(),
    raLoss: number.nullable(),
    cleanCount: count,
    poisonedCount: count,
  },
  {error: 'measurements'},
) satisfies z.ZodType<Metrics>;

export const runRoundSchema = z.object(
  {
    round: count,
    seconds: number,
    figures: named(number.nullable()),
    metrics: metricsSchema.nullable(),
  },
  {error: 'a round'},
) satisfies z.ZodType<RunRound>;

const file = z.object({path: text, sha256: text.nullable()}, {error: 'a file'});

const cost = z.object(
  {methodSeconds: number, peakMemoryBytes: count.nullable()},
  {error: 'a cost'},
) satisfies z.ZodType<RunCost>;

const verdict = z.object(
  {
    state: z.enum(['gone', 'weakened', 'active', 'never-worked', 'unknown'], {
      error: 'what became of a backdoor',
    }),
    because: z
      .enum(
        [
          ...[
            'no-poisoned-images',
            'untrained-model',
            'not-measured',
            'broken-model',
            'few-images',
          ],
        ] as const,
        {error: 'why nothing is known'},
      )
      .nullable(),
    words: text,
    figures: z.object(
      {
        asrBefore: number.nullable(),
        asrAfter: number.nullable(),
        asrAfterRange: z.tuple([number, number], {error: 'two numbers'}).nullable(),
        asrOfClean: number,
        raAfter: number.nullable(),
        accBefore: number.nullable(),
        accAfter: number.nullable(),
        accDrop: number.nullable(),
        poisonedCount: count,
        targets: count,
      },
      {error: 'the figures of a verdict'},
    ),
  },
  {error: 'a verdict'},
) satisfies z.ZodType<PurificationVerdict>;

/** The form of `run.json`; each message is what was expected, as a noun. */
export const runSchema = z.object(
  {
    schemaVersion: z.literal(SCHEMA_VERSION, {error: String(SCHEMA_VERSION)}),
    kind: z.enum(['attack', 'defend'], {error: 'attack or defend'}),
    method: text,
    versions: z.object(
      {
        sauNative: text,
        node: text,
        libtorch: text.nullable(),
        libtorchCuda: text.nullable(),
      },
      {error: 'a map of versions'},
    ),
    started: text.nullable(),
    seconds: number.nullable(),
    device: text.nullable(),
    precision: text.nullable(),
    seed: count,
    options: named(z.unknown()),
    checkpoint: file.nullable(),
    result: file.nullable(),
    model: text,
    numClasses: count,
    dataset: z.object(
      {
        name: text,
        path: text.nullable(),
        format: text.nullable(),
        classTitles: listOf(text, {error: 'a list of names'}).nullable().default(null),
        imageSize: z.tuple([count, count], {error: 'two counts'}),
        mean: triple,
        std: triple,
      },
      {error: 'a data set'},
    ),
    cleanSubset: z
      .object({count, chosen: text, sha256: text.nullable()}, {error: 'a clean subset'})
      .nullable(),
    poisoned: z.object({train: count, test: count}, {error: 'two counts'}).nullable(),
    before: metricsSchema.nullable(),
    rounds: listOf(runRoundSchema, {error: 'a list of rounds'}),
    after: metricsSchema.nullable(),
    der: number.nullable(),
    verdict: verdict.nullable().default(null),
    completedRounds: count,
    selection: z
      .enum(['last', 'clean', 'fixed', 'oracle'], {error: 'the name of a selection'})
      .nullable()
      .default(null),
    passes: z
      .object({forward: count, backward: count}, {error: 'two counts'})
      .nullable()
      .default(null),
    interrupted: z.boolean({error: 'true or false'}),
    stopped: z
      .enum(['patience', 'timeBudget'], {error: 'a reason to stop'})
      .nullable()
      .default(null),
    cost: cost.nullable().default(null),
    files: named(text),
  },
  {error: 'a map of names to values'},
) satisfies z.ZodType<RunSummary>;

/** ERR_CHECKPOINT for a file of a run that is not what it should be. */
export function damagedRun(path: string, why: string, cause?: unknown): SauError {
  return new SauError('ERR_CHECKPOINT', `Expected the summary of a run at ${path} but ${why}.`, {
    cause,
    remedy: 'Copy the folder again, or run again.',
    details: {path},
  });
}

/** Of all that is wrong with a file the first: a hostile one may have something wrong in each of its bytes. */
export function firstIssue({issues: [issue]}: z.ZodError): Error {
  const at = issue?.path.join('.') ?? '';
  return new Error(
    `${at === '' ? 'it' : `its ${at}`} is not ${issue?.message ?? 'what it should be'}`,
  );
}
