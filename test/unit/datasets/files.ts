import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import sharp, {type Sharp} from 'sharp';
import {onTestFinished} from 'vitest';

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sau-datasets-'));
  onTestFinished(() => rm(folder, {recursive: true, force: true}));
  return folder;
}

/** Writes bytes, making the folders above. */
export async function put(path: string, data: Uint8Array | string): Promise<string> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(path, data);
  return path;
}

export interface Picture {
  data: Uint8Array;
  height: number;
  width: number;
  channels?: 1 | 3 | 4;
}

/** Interleaved samples -> an image in sharp's hands. */
export function picture({data, height, width, channels = 3}: Picture): Sharp {
  return sharp(data, {raw: {height, width, channels}});
}

/** An RGB image of one color. */
export function plain(color: readonly number[], height = 4, width = 4): Picture {
  const data = Uint8Array.from({length: height * width * 3}, (_, i) => color[i % 3] ?? 0);
  return {data, height, width};
}

/** Writes a plain PNG. */
export async function putPng(path: string, color: readonly number[]): Promise<string> {
  return put(path, await picture(plain(color)).png().toBuffer());
}

/** Deterministic bytes that look like an image. */
export function someBytes(length: number, start = 0): Uint8Array {
  return Uint8Array.from({length}, (_, i) => ((i + start) * 73 + (((i + start) * i) % 91)) % 256);
}
