import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {describe, expect, it} from 'vitest';
import {temporaryFolder} from '../support/folders.js';
import {ROOT} from '../support/paths.js';

const urlOf = (name: string): string => pathToFileURL(join(ROOT, 'scripts/fuzz', name)).href;
const {minimized} = await import(/* @vite-ignore */ urlOf('minimize.mjs'));
const {Random} = await import(/* @vite-ignore */ urlOf('random.mjs'));

/** What a program that uses the fuzzer's modules prints, and how it ends. */
function ran(program: string) {
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], {encoding: 'utf8'});
}

describe('the fuzzer', () => {
  it('draws alike from the same seed', () => {
    const draws = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({length: 5}, () => random.below(1000));
    };
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
  });

  it('leaves the bytes that a finding needs', async () => {
    const input = Buffer.from('many other bytes, and X and Y among them');
    const signatureOf = async (bytes: Buffer) =>
      bytes.includes('X') && bytes.includes('Y') ? 'found' : null;
    expect(String(await minimized(input, signatureOf, 'found'))).toBe('XY');
  });

  it('tells a refusal from a defect, also from one behind a refusal', () => {
    const {stdout} = ran(`
      import {outcomeOf} from '${urlOf('oracle.mjs')}';
      import {packageModule} from '${urlOf('package.mjs')}';
      const {SauError} = packageModule('base/errors');
      const {readHeader} = packageModule('datasets/image_header');
      const told = (read) => outcomeOf(read).catch(({signature}) => signature);
      console.log(await told(() => { throw new SauError('ERR_CONFIG', 'x'); }));
      console.log(await told(() => { throw new Error('x'); }));
      console.log(await told(() => {
        try { readHeader(null, 'png'); } catch (cause) { throw new SauError('ERR_CONFIG', 'x', {cause}); }
      }));
    `);
    const [refusal, foreign, hidden] = stdout.split('\n');
    expect(refusal).toBe('refused');
    expect(foreign).toMatch(/^error: Error/);
    expect(hidden).toMatch(/^error: TypeError pngHeader/);
  });

  it('ends a process that hangs, and says so', async () => {
    const folder = await temporaryFolder();
    const {stdout, signal} = ran(`
      import {Guarded} from '${urlOf('guarded.mjs')}';
      const target = {name: 'hanging', run: () => { for (;;); }};
      await new Guarded(target, ${JSON.stringify(folder)}).run(Buffer.alloc(1));
    `);
    expect(JSON.parse(stdout)).toEqual({kind: 'killed', fault: 'hang'});
    expect(signal).toBe('SIGKILL');
  });
});
