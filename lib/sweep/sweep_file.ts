import {join, relative, resolve} from 'node:path';
import {z} from 'zod';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {listOf} from '../base/first_fault.js';
import {readText} from '../base/read_text.js';
import {writeWholeFile} from '../base/whole_file.js';
import {named} from '../options/named.js';
import {SWEEP_FILES} from '../records/layout.js';
import {firstIssue} from '../records/run_schema.js';
import {SCHEMA_VERSION} from '../records/schema_version.js';
import type {SweepStep} from './steps.js';

const label = z.string().nullable();

const stepSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  stage: z.number().int().min(0),
  index: z.number().int().min(0),
  kind: z.enum(['attack', 'defend']),
  method: z.string(),
  options: z.record(z.string(), z.unknown()),
  needs: listOf(z.string()),
  // Whoever made the file: no step leads out of its folder.
  folder: z.string().regex(/^(attacks|defenses)\/[\w.-]+$/),
  labels: z.object({
    ...{attack: label, victim: label, data: label, model: label},
    ...{ratio: label, defense: label, clean: label},
  }),
}) satisfies z.ZodType<SweepStep>;

const fileSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  name: z.string(),
  base: z.string(),
  plan: z.record(z.string(), z.unknown()),
  steps: listOf(stepSchema),
});

/** `sweep.json` in the folder of a sweep: what it consists of. What became of the steps is in their folders. */
export interface SweepFile {
  /** Version of this form. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** What the sweep is called. */
  readonly name: string;
  /** Where the paths in the options begin: a path that begins at the folder of the sweep. */
  readonly base: string;
  /** As it was given. */
  readonly plan: Readonly<Record<string, unknown>>;
  /** All steps, stage by stage. */
  readonly steps: readonly SweepStep[];
}

/** Writes sweep.json whole or not at all. Throws ERR_OUTPUT. */
export async function writeSweepFile(folder: string, file: SweepFile): Promise<void> {
  await writeWholeFile(join(folder, SWEEP_FILES.summary), `${JSON.stringify(file, null, 1)}\n`);
}

/** sweep.json of a folder; null where there is none. Throws ERR_CHECKPOINT where it is damaged. */
export async function findSweepFile(folder: string): Promise<SweepFile | null> {
  const path = join(folder, SWEEP_FILES.summary);
  let content: unknown;
  try {
    content = JSON.parse(await readText(path));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw damaged(path, cause);
  }
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw damaged(path, firstIssue(parsed.error));
}

/** sweep.json of a folder. Throws ERR_CHECKPOINT where there is none or it is damaged. */
export async function readSweepFile(folder: string): Promise<SweepFile> {
  const file = await findSweepFile(folder);
  if (file !== null) return file;
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the folder of a sweep at ${folder} but it has no ${SWEEP_FILES.summary}.`,
    {remedy: 'Name a folder that `sweep` wrote.', details: {folder}},
  );
}

/** Where the paths of the options begin, as sweep.json has it: the tree can be moved, or mounted elsewhere. */
export function baseFor(folder: string, workingFolder: string): string {
  return relative(resolve(folder), resolve(workingFolder)) || '.';
}

/** Where the paths of the options begin, absolute. */
export function baseOf(folder: string, {base}: Pick<SweepFile, 'base'>): string {
  return resolve(folder, base);
}

function damaged(path: string, cause: unknown): SauError {
  return new SauError('ERR_CHECKPOINT', `Expected a sweep at ${path} but it is damaged.`, {
    cause,
    remedy: `Run \`sweep\` with its plan and ${named('resume')}: what is done stays.`,
    details: {path, why: messageOf(cause)},
  });
}
