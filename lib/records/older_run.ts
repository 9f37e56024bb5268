import {basename, join} from 'node:path';
import {z} from 'zod';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {mapOf} from '../base/first_fault.js';
import {pathExists} from '../base/path_exists.js';
import {readText} from '../base/read_text.js';
import {withCheckpointFile} from '../checkpoint/checkpoint_file.js';
import {defenseEffectivenessRating} from '../run/metrics.js';
import {isAttackResult, readRecord} from './attack_result.js';
import {DEFENSE, defenseCsv, RECORD, RUN} from './layout.js';
import {damagedRun, metricsSchema, runRoundSchema} from './run_schema.js';
import type {RunRound, RunSummary} from './run_summary.js';
import {SCHEMA_VERSION} from './schema_version.js';

// Folders of versions that wrote no run.json: config.json of a defense, sau_native.json of an attack, and the rounds.

const text = z.string();
const constants = z.tuple([z.number(), z.number(), z.number()]);
const common = {
  versions: z.object({
    sauNative: text,
    node: text,
    libtorch: text.nullable().default(null),
    libtorchCuda: text.nullable().default(null),
  }),
};

const defenseSchema = z.object({
  ...common,
  config: z.looseObject({
    seed: z.number(),
    rounds: z.number(),
    clean: text,
    model: text,
    numClasses: z.number(),
    imageSize: z.number(),
    mean: constants,
    std: constants,
    device: text,
    precision: text,
  }),
  checkpoint: text,
  dataset: text.nullable(),
  cleanImages: z.number(),
  completedRounds: z.number(),
  before: metricsSchema,
  after: metricsSchema,
});

const attackSchema = z.object({
  ...common,
  mean: constants,
  std: constants,
  config: z.looseObject({
    kind: text,
    seed: z.number(),
    model: text,
    data: text.nullable(),
    imageSize: z.number().nullable(),
    numClasses: z.number().nullable(),
  }),
  epochs: z.number(),
});

const share = z.number().nullable();
/** A line of rounds.jsonl; the second form is from before each method had figures of its own. */
const lineSchema = z.union([
  runRoundSchema,
  z
    .object({
      round: z.number(),
      loss: share,
      cleanLoss: share,
      sharedLoss: share,
      suspectShare: share,
      trainAcc: share,
      metrics: metricsSchema.nullable(),
      attack: mapOf(share).optional(),
      seconds: z.number(),
    })
    .transform(({round, seconds, metrics, trainAcc, attack, ...losses}): RunRound => {
      const {loss} = losses;
      const figures = trainAcc === null ? losses : {loss, trainAcc, ...attack};
      return {round, seconds, figures, metrics};
    }),
]);

/** What a folder without run.json tells of its run. Throws ERR_CHECKPOINT where it is no such folder, or damaged. */
export async function readOlderRun(folder: string): Promise<RunSummary> {
  if (await pathExists(join(folder, DEFENSE.config))) return olderDefense(folder);
  if (await pathExists(join(folder, RECORD.notes))) return olderAttack(folder);
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the folder of a finished run at ${folder} but it has no ${RUN.summary}, and neither ${DEFENSE.config} nor ${RECORD.notes} of an older version.`,
    {
      remedy: 'Name the folder that `defend` or `attack` of this package wrote.',
      details: {path: folder},
    },
  );
}

async function olderDefense(folder: string): Promise<RunSummary> {
  const old = await readJson(join(folder, DEFENSE.config), defenseSchema);
  const {config, dataset, completedRounds, before, after} = old;
  const {seed, device, precision, model, numClasses, imageSize, mean, std} = config;
  return {
    ...{schemaVersion: SCHEMA_VERSION, kind: 'defend', method: 'sau', versions: old.versions},
    ...{started: null, seconds: null, device, precision, seed, options: config},
    checkpoint: {path: old.checkpoint, sha256: null},
    result: {path: DEFENSE.result, sha256: null},
    ...{model, numClasses},
    dataset: {
      name: dataset === null ? 'unknown' : basename(dataset),
      path: dataset,
      ...{format: null, classTitles: null},
      imageSize: [imageSize, imageSize],
      mean,
      std,
    },
    cleanSubset: {count: old.cleanImages, chosen: config.clean, sha256: null},
    poisoned: null,
    ...{before, after, rounds: await readRounds(folder)},
    der: defenseEffectivenessRating(before, after),
    completedRounds,
    interrupted: completedRounds < config.rounds,
    ...{verdict: null, selection: null, passes: null, stopped: null, cost: null},
    files: {
      ...{checkpoint: DEFENSE.result, csv: defenseCsv('sau'), jsonl: RUN.rounds},
      ...{cleanIndex: DEFENSE.cleanIndex, config: DEFENSE.config, curves: RUN.curves},
    },
  };
}

async function olderAttack(folder: string): Promise<RunSummary> {
  const notes = await readJson(join(folder, RECORD.notes), attackSchema);
  const {config, versions, mean, std} = notes;
  const path = join(folder, RECORD.result);
  const record = await withCheckpointFile(path, async ({value}) =>
    isAttackResult(value) ? readRecord(value) : null,
  );
  if (record === null) throw damagedRun(path, 'it is no record of an attack');
  const rounds = await readRounds(folder);
  return {
    ...{schemaVersion: SCHEMA_VERSION, kind: 'attack', method: config.kind, versions},
    ...{started: null, seconds: null, device: null, precision: null},
    ...{seed: config.seed, options: config, checkpoint: null},
    result: {path: RECORD.result, sha256: null},
    ...{model: record.modelName, numClasses: record.numClasses},
    dataset: {
      ...{name: record.datasetName, path: config.data, format: null, classTitles: null},
      imageSize: [record.imageSize[0], record.imageSize[1]],
      ...{mean, std},
    },
    ...{cleanSubset: null, poisoned: null, before: null, rounds},
    after: rounds.at(-1)?.metrics ?? null,
    der: null,
    completedRounds: rounds.length,
    interrupted: false,
    ...{verdict: null, selection: null, passes: null, stopped: null, cost: null},
    files: {
      ...{checkpoint: RECORD.result, notes: RECORD.notes, curves: RUN.curves},
      ...{csv: RECORD.csv, jsonl: RUN.rounds},
    },
  };
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let content: unknown;
  try {
    content = JSON.parse(await readText(path));
  } catch (cause) {
    throw damagedRun(path, messageOf(cause), cause);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  throw damagedRun(
    path,
    at === '' ? 'it is no map of names to values' : `its ${at} is missing or not what it was`,
  );
}

/** The rounds in the form of now or of then; none where there is no such file. */
async function readRounds(folder: string): Promise<readonly RunRound[]> {
  const path = join(folder, RUN.rounds);
  const content = await readText(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return '';
    throw damagedRun(path, messageOf(cause), cause);
  });
  // A process that was killed may have left a part of a line.
  const lines = content.split('\n').slice(0, -1);
  return lines.map((line, i) => {
    const parsed = lineSchema.safeParse(parsedOrNull(line));
    if (parsed.success) return parsed.data;
    throw damagedRun(path, `its line ${i + 1} is no report of a round`);
  });
}

function parsedOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
