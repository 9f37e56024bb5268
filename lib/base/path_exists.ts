import {access} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {SauError} from './errors.js';

/** Whether anything exists at a path that this process may see. */
export function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The path of a file that may be given as a URL. Throws ERR_CONFIG for a URL of something else. */
export function localPath(path: string | URL): string {
  if (typeof path === 'string') return path;
  if (path.protocol === 'file:') return fileURLToPath(path);
  throw new SauError(
    'ERR_CONFIG',
    `Expected a path or the URL of a file but received ${path.href}.`,
  );
}
