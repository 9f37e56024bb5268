import {type FileHandle, open, stat} from 'node:fs/promises';
import {FormatError, unreadableFile} from './checkpoint_error.js';

/** How many bytes are read at a time, so that no step blocks the thread for long. */
const PIECE_BYTES = 1 << 20;

/** Opens a file for reading. Throws ERR_CHECKPOINT for one that is missing, no file or not readable. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const unreadable = (error: unknown): never => {
    throw unreadableFile(path, error);
  };
  // Must come before open(), which would wait forever on a named pipe.
  if (!(await stat(path).catch(unreadable)).isFile()) unreadable(new Error('not a regular file'));
  return open(path, 'r').catch(unreadable);
}

/** Bytes of a file, handed to `seen` piece by piece as they come. Throws FormatError where the file ends early. */
export async function readBytes(
  handle: FileHandle,
  start: number,
  length: number,
  seen: (piece: Uint8Array) => void = () => undefined,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; ) {
    const wanted = Math.min(PIECE_BYTES, length - at);
    const {bytesRead} = await handle.read(bytes, at, wanted, start + at);
    if (bytesRead === 0) {
      throw new FormatError(`it ends at byte ${start + at}, not at ${start + length} or later`);
    }
    seen(bytes.subarray(at, at + bytesRead));
    at += bytesRead;
  }
  return bytes;
}
