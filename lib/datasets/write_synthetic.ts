import {mkdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {ImageSet} from './image_set.js';
import {makeSyntheticDataset, type SyntheticOptions} from './synthetic.js';
import {writePngs} from './write_pngs.js';

/**
 * Writes a synthetic image set as an ImageFolder of PNG files, like a user's own, and replaces what the folder
 * holds. Throws ERR_OUTPUT.
 */
export async function writeSyntheticImages(
  folder: string,
  options: SyntheticOptions,
  run: RunOptions = {},
): Promise<void> {
  await rm(folder, {recursive: true, force: true});
  const made = await makeSyntheticDataset(options);
  const write = async (split: string, set: ImageSet): Promise<void> => {
    const nameOf = (i: number): string => String(i).padStart(5, '0');
    const classOf = (i: number): string => made.classNames[set.labels[i] ?? 0] ?? 'unknown';
    const pathOf = (i: number): string => join(folder, split, classOf(i), `${nameOf(i)}.png`);
    await writePngs(set, pathOf, {signal: run.signal, onImages: imageCounter(run, 'writing')});
  };
  await mkdir(folder, {recursive: true});
  await write('train', made.train);
  await write('test', made.test);
}
