import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {temporaryFolder} from './folders.js';
import {makeZip} from './raw_zip.js';

/** Opcodes that push a list which holds itself twice, `levels` deep: a few bytes that stand for 2^levels items. */
export function doubledList(levels: number): string {
  const level = (at: number): string =>
    `0]q${String.fromCharCode(at + 1)}(h${String.fromCharCode(at)}h${String.fromCharCode(at)}e`;
  return `]q\0${Array.from({length: levels}, (_, at) => level(at)).join('')}`;
}

/** Opcodes that push a tensor of float32 [2] in storage 0. */
export const TENSOR =
  'ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\0K\x02\x85K\x01\x85\x89NtR';

/** Opcodes that push a text of less than 256 characters. */
export function text(value: string): string {
  const utf8 = Buffer.from(value);
  return `X${String.fromCharCode(utf8.length)}\0\0\0${utf8.toString('latin1')}`;
}

/** A file of torch.save with a pickle given as opcodes, and storage 0 with two numbers. */
export async function pickledFile(opcodes: string | Buffer, name = 'hostile.pt'): Promise<string> {
  const path = join(await temporaryFolder(), name);
  const pickle = Buffer.isBuffer(opcodes) ? opcodes : Buffer.from(`\x80\x02${opcodes}.`, 'latin1');
  const data = Buffer.alloc(8);
  await writeFile(
    path,
    makeZip([
      {name: 'a/data.pkl', data: pickle},
      {name: 'a/data/0', data},
    ]),
  );
  return path;
}
