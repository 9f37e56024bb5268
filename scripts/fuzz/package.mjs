// The built package as the fuzzers use it. Its readers are loaded by name, from a worker with their branches counted.
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const require = createRequire(import.meta.url);

/** Of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Of the compiled package. */
export const DIST = join(ROOT, 'dist/lib');
/** Of small files that the tests have. */
export const FIXTURES = join(ROOT, 'test/fixtures');

/** A module of the package, such as `checkpoint/unpickle`. */
export function packageModule(name) {
  try {
    return require(join(DIST, `${name}.js`));
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error('Expected a built package in dist/ but found none. Run `npm run build`.', {
      cause,
    });
  }
}

/** Readers then do as without LibTorch, which compares weights with networks and reads no file: it would take most of the time. */
export function withoutCore() {
  packageModule('native/binding').loadCore = () => Promise.reject(new Error('left out'));
}
