import {dirname} from 'node:path';
import {type ImageSize, sizeOfTransform, type TransformOptions} from '../datasets/transform.js';
import type {DataConfig} from '../options/types.js';
import {readRecordTransform} from '../records/record_notes.js';

/** The size of the images that the user asks for. */
export function askedSize(config: DataConfig): ImageSize | undefined {
  const {imageSize: side} = config;
  return side === null ? sizeOfTransform(config) : {height: side, width: side};
}

/**
 * How pictures are brought to size: as the user says, else as the record was made.
 * @param record The file of the record, if there is one
 * @throws SauError ERR_CHECKPOINT for damaged notes of the record
 */
export async function transformOptionsOf(
  config: DataConfig,
  record: string | null,
): Promise<TransformOptions> {
  const made = record === null ? null : await recordTransform(config, record);
  const crop = made?.crop == null ? null : (config.imageSize ?? made.crop);
  return {
    resize: config.resize ?? made?.resize ?? null,
    crop: config.crop ?? crop,
    interpolation: config.interpolation ?? made?.interpolation ?? null,
  };
}

/** Damaged notes do not matter to who gives the constants in them: see readRecordNotes. */
async function recordTransform(
  {mean, std}: DataConfig,
  record: string,
): Promise<TransformOptions | null> {
  try {
    return await readRecordTransform(dirname(record));
  } catch (error) {
    if (mean !== null && std !== null) return null;
    throw error;
  }
}
