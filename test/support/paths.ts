import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';

export const ROOT = resolve(__dirname, '../..');
export const FIXTURES = join(ROOT, 'test/fixtures');
/** What `npm run build` makes of the TypeScript. */
export const DIST = join(ROOT, 'dist');
export const ENTRY = join(DIST, 'lib/index.js');
export const PROGRAM = join(DIST, 'bin/sau-native.js');
/** What `npm run build` makes of the C++. */
export const ADDON = join(ROOT, 'build/Release');

/** Whole runs need what `npm run build` makes. */
export const IS_BUILT = [ENTRY, PROGRAM, join(ADDON, 'sau_core.so')].every((path) =>
  existsSync(path),
);
