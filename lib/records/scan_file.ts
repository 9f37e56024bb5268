import {join} from 'node:path';
import {z} from 'zod';
import {messageOf, SauError} from '../base/errors.js';
import {listOf, mapOf} from '../base/first_fault.js';
import {readText} from '../base/read_text.js';
import {SCAN_FILES} from './layout.js';
import {firstIssue, runSchema} from './run_schema.js';
import type {ScanSummary} from './scan_summary.js';
import {SCHEMA_VERSION} from './schema_version.js';

const {versions, dataset, cleanSubset} = runSchema.shape;
const number = z.number();
const count = number.int().min(0);
const text = z.string();
const names = z.enum(['latent', 'nc', 'mmbd', 'shared', 'universal']);
const index = z.union([number, z.literal('infinite')]).nullable();
const labels = listOf(count);
const passes = z.object({forward: count, backward: count});

const statistic = z.object({
  name: names,
  title: text,
  suspicious: z.enum(['small', 'large']),
  scale: z.enum(['linear', 'log']),
  classes: listOf(
    z.object({
      label: count,
      title: text.nullable(),
      value: number.nullable(),
      index,
      figures: mapOf(number.nullable()),
    }),
  ),
  maxIndex: index,
  maxIndexOfMeanMedian: index,
  pValue: number.nullable(),
  threshold: z.object({kind: z.enum(['index', 'pValue']), value: number, calibration: text}),
  decides: z.boolean(),
  labels,
  notes: listOf(text),
  passes,
  seconds: number,
});

/** The form of `scan.json`. */
const scanSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal('scan'),
  started: text,
  versions,
  seed: count,
  checkpoint: z.object({path: text, sha256: text.nullable()}),
  model: text,
  numClasses: count,
  dataset,
  cleanSubset,
  device: text,
  precision: text,
  options: z.record(text, z.unknown()),
  verdict: z.object({
    state: z.enum(['suspicious', 'nothing-found', 'none']),
    labels,
    by: listOf(names),
    words: text,
  }),
  statistics: listOf(statistic),
  passes,
  seconds: number,
  files: mapOf(text),
}) satisfies z.ZodType<ScanSummary>;

/** Opens the folder of a scan again. Throws ERR_CHECKPOINT where it has none, or one that is damaged or newer. */
export async function readScan(folder: string): Promise<ScanSummary> {
  const path = join(folder, SCAN_FILES.summary);
  const refused = (why: string, cause: unknown): SauError =>
    new SauError(
      'ERR_CHECKPOINT',
      `Expected the summary of a scan of schema ${SCHEMA_VERSION} at ${path} but ${why}.`,
      {
        cause,
        remedy: 'Scan again, or install the version that wrote it.',
        details: {path, why: messageOf(cause)},
      },
    );
  const text = await readText(path).catch((cause: unknown) => {
    throw refused(messageOf(cause), cause);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw refused('it is none', cause);
  }
  const parsed = scanSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw refused('it is none', firstIssue(parsed.error));
}
