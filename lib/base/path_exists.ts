import {access} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {SauError} from './errors.js';
import {kindOf} from './typed_array.js';

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
  // Programs without types may pass anything; a URL of another realm is not an instance of ours.
  const url: unknown = path;
  const isUrl = typeof url === 'object' && url !== null && 'href' in url && 'protocol' in url;
  if (isUrl && url.protocol === 'file:') return fileURLToPath(String(url.href));
  const received = isUrl ? String(url.href) : kindOf(url);
  throw new SauError(
    'ERR_CONFIG',
    `Expected a path or the URL of a file but received ${received}.`,
  );
}
