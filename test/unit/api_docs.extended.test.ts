import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {ROOT} from '../support/paths.js';
import {installedFolder} from '../support/program.js';

const typedoc = installedFolder('typedoc');
const MINUTES = 60_000;

describe.skipIf(typedoc === null)('the API reference (needs typedoc)', () => {
  it(
    'has no gap: all that is exported, and all that it refers to, has a doc comment',
    async () => {
      const args = [join(typedoc ?? '', 'bin/typedoc'), '--emit', 'none'];
      const outcome = await promisify(execFile)(process.execPath, args, {cwd: ROOT}).then(
        ({stdout, stderr}) => stdout + stderr,
        (error: {stdout: string; stderr: string}) => `${error.stdout}${error.stderr} failed`,
      );
      expect(outcome).toBe('');
    },
    5 * MINUTES,
  );
});
