import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {SauError} from '../../../lib/base/errors.js';
import {temporaryFolder} from '../../support/folders.js';
import {DIST} from '../../support/paths.js';

const CURVES = join(DIST, 'lib/report/curves.js');

describe('too many open files', () => {
  it('are named as what is wrong, whatever else may be', () => {
    const cause = Object.assign(new Error("EMFILE: too many open files, open 'a'"), {
      code: 'EMFILE',
    });
    const error = new SauError('ERR_DATASET', 'Expected a file a but it cannot be read: EMFILE', {
      ...{cause, remedy: 'Check its permissions.'},
    });
    expect(error.message).toBe(
      'Expected a file a but it cannot be read: EMFILE. Too many files are open: raise the limit, as with `ulimit -n 1024`, and run again.',
    );
    const other = new SauError('ERR_DATASET', 'Expected a', {
      cause: new Error('no'),
      remedy: 'Do b.',
    });
    expect(other.message).toBe('Expected a Do b.');
  });

  it.skipIf(!existsSync(CURVES))(
    'are not called a lack of memory where curves are drawn',
    async () => {
      const out = join(await temporaryFolder(), 'c.svg');
      const script = `require(${JSON.stringify(CURVES)}).writeCurves(${JSON.stringify(out)}, {before: null, rounds: [], after: null, title: 'a', figures: [], stage: 'x'}).catch((error) => console.log(error.code, error.message))`;
      const {stdout} = spawnSync(
        'bash',
        ['-c', 'ulimit -n 28; "$0" -e "$1"', process.execPath, script],
        {
          encoding: 'utf8',
        },
      );
      expect(stdout).toContain('ERR_OUTPUT Expected to draw the curves');
      expect(stdout).toContain('Too many files are open');
      expect(stdout).not.toContain('memory');
    },
  );
});
