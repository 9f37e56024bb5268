import {join} from 'node:path';
import {z} from 'zod';
import {listOf} from '../base/first_fault.js';
import {readText} from '../base/read_text.js';
import {writeTogether} from '../base/written_together.js';
import {RUN} from './layout.js';
import {SCHEMA_VERSION, withSchemaVersion} from './schema_version.js';

const count = z.number().int().min(0);
const counts = listOf(count);
const pair = <T extends z.ZodType>(of: T) => z.object({before: of, after: of});
const dataUri = z.string().regex(/^data:image\/(?:png|jpeg);base64,[A-Za-z0-9+/]+=*$/);

const shownImage = z.object({
  /** As a data URI. */
  image: dataUri,
  /** Its true class. */
  label: count,
  /** What the two models predict. */
  predicted: pair(count),
});

const look = z.object({
  kind: z.enum(['clean', 'poisoned']),
  label: count,
  predicted: pair(count),
  /** The image under the heat of each model's own prediction, as data URIs. */
  image: pair(dataUri),
});

const point = z.tuple([z.number(), z.number(), count]);
const mapView = z.object({
  /** Shares of the variance that the two axes have. */
  explained: z.tuple([z.number(), z.number()]),
  /** [x, y, true class] of clean test images. */
  clean: listOf(point),
  /** [x, y, true class] of poisoned test images. */
  poisoned: listOf(point),
});

const evidenceSchema = z.object({
  /** Version of the form of this document; a later one is another number. */
  schemaVersion: z.literal(SCHEMA_VERSION),
  /** SHA-256 of the files that the two models are from. */
  of: z.object({checkpoint: z.string(), result: z.string()}),
  /** Clean test images by true class, and how many of them each model recognizes; null without any. */
  clean: z.object({total: counts, recognized: pair(counts)}).nullable(),
  /** Poisoned test images; null without any. */
  poisoned: z
    .object({
      /** The classes that the attack leads to. */
      targets: counts,
      /** By true class: all, those predicted as the attack wants, and those recognized. */
      total: counts,
      hits: pair(counts),
      recognized: pair(counts),
      /** How many are predicted as each class. */
      predicted: pair(counts),
      /** [true class][predicted class]; null of many classes. */
      confusion: pair(listOf(counts)).nullable(),
    })
    .nullable(),
  /** The same test images in three forms; null where there are none. */
  strip: z
    .object({
      clean: listOf(shownImage),
      poisoned: listOf(shownImage),
      adversarial: listOf(shownImage),
    })
    .nullable(),
  /** Where the models look: Grad-CAM; null where the network has no place for it. */
  looks: listOf(look).nullable(),
  /** Features of the last layer on their two main axes; null where there are none. */
  map: pair(mapView).nullable(),
  /** What could not be computed, and why. */
  missing: listOf(z.string()),
});

/** What was seen of the two models of a defense besides its figures: for the report. Plain JSON. */
export type Evidence = z.infer<typeof evidenceSchema>;
/** An image of the strip. */
export type ShownImage = z.infer<typeof shownImage>;
/** An image with what its class was told by. */
export type Look = z.infer<typeof look>;
/** The features of one model. */
export type MapView = z.infer<typeof mapView>;
/** What there is of each model. */
export interface Pair<T> {
  readonly before: T;
  readonly after: T;
}

/** Writes the evidence into the folder of its run, whole or not at all. Throws ERR_OUTPUT. */
export async function writeEvidence(folder: string, evidence: Evidence): Promise<void> {
  await writeTogether([[join(folder, RUN.evidence), `${JSON.stringify(evidence)}\n`]]);
}

/** The evidence in a run's folder; null where there is none, or it is of other weights or of another form. */
export async function readEvidence(folder: string, of: Evidence['of']): Promise<Evidence | null> {
  const text = await readText(join(folder, RUN.evidence)).catch(() => null);
  if (text === null) return null;
  try {
    const evidence = evidenceSchema.parse(withSchemaVersion(JSON.parse(text)));
    const isOf = evidence.of.checkpoint === of.checkpoint && evidence.of.result === of.result;
    return isOf ? evidence : null;
  } catch {
    return null; // it is computed again
  }
}
