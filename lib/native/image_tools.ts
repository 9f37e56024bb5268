import {createRequire} from 'node:module';
import {SauError} from '../base/errors.js';
import type {PlacedTransform} from '../datasets/transform.js';
import {addonFiles} from './binding.js';

/** The addon's functions for pictures, which need no LibTorch. */
export interface ImageTools {
  /**
   * Resizes and crops an interleaved picture [height, width, 3] and writes it as planes [3, height, width] at an
   * offset of `out`, on a thread of libuv.
   */
  transformPicture(
    picture: {readonly data: Uint8Array; readonly height: number; readonly width: number},
    transform: PlacedTransform,
    out: Uint8Array,
    offset: number,
  ): Promise<void>;
  /** Memory over a file of a folder that has no name. Its errors have the `errno` of the system. */
  mapMemory(folder: string, bytes: number): Promise<ArrayBuffer>;
}

let tools: ImageTools | undefined;

/** Throws ERR_NATIVE if the addon was neither built nor installed, or is of an older build. */
export function imageTools(): ImageTools {
  tools ??= load();
  return tools;
}

function load(): ImageTools {
  const {loader} = addonFiles();
  const found = createRequire(__filename)(loader) as Partial<ImageTools>;
  if (found.transformPicture !== undefined && found.mapMemory !== undefined) {
    return found as ImageTools;
  }
  throw new SauError(
    'ERR_NATIVE',
    `Expected functions for pictures in ${loader} but it is of an older build.`,
    {remedy: 'Run `npm run build`, or install the package again.'},
  );
}
