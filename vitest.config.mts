import {relative, sep} from 'node:path';
import {configDefaults, defineConfig} from 'vitest/config';
import {BaseSequencer, type TestSpecification} from 'vitest/node';

const FOLDERS = ['unit', 'fuzz', 'native', 'cli', 'e2e', 'package', 'cuda'];
/** Slow tests that rarely fail: `npm run test:extended` runs them and no other. */
const EXTENDED = 'test/**/*.extended.test.ts';

/** Runs tests from the ground up, so that the first failure is the deepest one. */
class FromTheGroundUp extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({moduleId}: TestSpecification): string => {
      const [folder = '', ...rest] = relative('test', moduleId).split(sep);
      return [FOLDERS.indexOf(folder), ...rest].join('/');
    };
    return files.toSorted((a, b) => placeOf(a).localeCompare(placeOf(b), 'en'));
  }
}

// One worker process: the native core and two CPU cores are shared by all tests.
export default defineConfig(({mode}) => ({
  test: {
    ...(mode === 'extended'
      ? {include: [EXTENDED]}
      : {include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, EXTENDED]}),
    sequence: {sequencer: FromTheGroundUp},
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000, // some train a small victim
  },
}));
