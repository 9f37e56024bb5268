import {access} from 'node:fs/promises';

/** Whether there is something at a path, of whatever kind, that this process may see. */
export function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
