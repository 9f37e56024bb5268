import type {FileHandle} from 'node:fs/promises';
import {SauError} from '../errors.js';
import {FormatError} from './checkpoint_error.js';
import {unpickle} from './pickle.js';
import {VOCABULARY} from './vocabulary.js';

/** The first bytes of torch.save before PyTorch 1.6: a pickle of the magic number 0x1950a86a20f9469cfc6c. */
const LEGACY_MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const PROTO = 0x80;
const MAX_BARE_PICKLE_BYTES = 64 << 20;

/**
 * Says what a file that is no ZIP is. A bare pickle is read by the restricted reader first, so that one that
 * names code throws ERR_UNSAFE_PICKLE; everything else throws ERR_CHECKPOINT.
 */
export async function refuseForeignFile(
  path: string,
  handle: FileHandle,
  head: Buffer,
): Promise<never> {
  const refuse = (what: string, advice: string): never => {
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected a ZIP file of torch.save at ${path} but it is ${what}: ${advice}`,
      {details: {path}},
    );
  };
  if (head.length === 0) refuse('empty', 'copy or download it again');
  if (head.subarray(0, LEGACY_MAGIC.length).equals(LEGACY_MAGIC)) {
    refuse(
      "in PyTorch's format from before version 1.6",
      'load it in a newer PyTorch and save it again with torch.save',
    );
  }
  if (head[0] === PROTO && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) {
    const {size} = await handle.stat();
    if (size <= MAX_BARE_PICKLE_BYTES) await refuseUnsafe(path, handle, size);
    refuse('a bare pickle', 'save it with torch.save');
  }
  throw new FormatError(
    `it starts with bytes ${head.subarray(0, 8).toString('hex')}, not with PK`,
    'name a .pt or .pth file of PyTorch 1.6 or newer; if it is one, it is damaged: copy or download it again',
  );
}

async function refuseUnsafe(path: string, handle: FileHandle, size: number): Promise<void> {
  const bytes = Buffer.alloc(size);
  await handle.read(bytes, 0, size, 0);
  try {
    await unpickle(bytes, {source: path, vocabulary: VOCABULARY});
  } catch (error) {
    if (error instanceof SauError && error.code === 'ERR_UNSAFE_PICKLE') throw error;
  }
}
