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

const PACKAGE = 'test/package/**';

export default defineConfig(({mode}) => {
  const isExtended = mode === 'extended';
  const files = (folders: string): string => `${folders}/*.${isExtended ? 'extended.' : ''}test.ts`;
  const exclude = [...configDefaults.exclude, ...(isExtended ? [] : [EXTENDED])];
  const project = (name: string, folders: string, without: string[], order: number, maxWorkers: number) => ({
    extends: true as const,
    test: {
      ...{name, include: [files(folders)], exclude: [...exclude, ...without], maxWorkers},
      sequence: {sequencer: FromTheGroundUp, groupOrder: order},
    },
  });
  return {
    test: {
      pool: 'forks',
      testTimeout: 120_000,
      hookTimeout: 120_000, // some train a small victim
      projects: [
        // Two at once: many tests wait for programs that they start.
        project('sources', 'test/**', [PACKAGE], 0, isExtended ? 1 : 2),
        // Alone: packing compiles dist/ anew, which the others use.
        project('package', PACKAGE, [], 1, 1),
      ],
    },
  };
});
