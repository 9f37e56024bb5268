import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {sandboxSupport} from '../../lib/sandbox/kernel.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {SCALE_FLAGS, useWorld, VICTIM} from '../support/world.js';

const {why} = sandboxSupport();
const CPU = ['--device', 'cpu', '--threads', '1', '--quiet'];
const SHORT = ['--clean', '12', '--rounds', '1', '--batch-size', '12', ...CPU];

describe.skipIf(!IS_BUILT || why !== null)(`--sandbox (skipped: ${why ?? 'not built'})`, () => {
  const world = useWorld();
  const inWorld = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    sau(world.folder, args, env);

  it('changes no byte of what a command writes and says, with relative paths and links', () => {
    symlinkSync(world.record, join(world.folder, 'linked'));
    const made = (mode: string) => {
      const out = join('new', mode, 'out');
      const args = ['defend', '--ckpt', 'linked', '--data', 'data/shapes', '--out', out, ...SHORT];
      const {status, stderr} = inWorld([...args, '--report', '--sandbox', mode]);
      expect({status, stderr}).toEqual({status: 0, stderr: ''});
      const folder = join(world.folder, out);
      const weights = readFileSync(join(folder, 'defense_result.pt'), 'hex');
      return {names: readdirSync(folder).sort(), weights};
    };
    expect(made('on')).toEqual(made('off'));
    const said = (mode: string) => inWorld(['inspect', 'linked', '--json', '--sandbox', mode]);
    const [on, off] = [said('on'), said('off')];
    expect(on.stdout).toBe(off.stdout);
    expect(on.status).toBe(0);
  });

  it('refuses a data set that only the record names, and says what to do', async () => {
    const stuff = join(world.folder, 'stuff');
    cpSync(world.data, stuff, {recursive: true});
    const out = join(world.folder, 'record', 'other');
    await builtPackage().attack({...VICTIM, epochs: 1, data: stuff, out});
    const args = ['evaluate', '--ckpt', 'record/other', ...CPU];
    const refused = inWorld([...args, '--sandbox', 'on']);
    expect(refused.stderr).toMatch(/does not let this command read .*stuff.* such as --data/s);
    expect(refused.status).toBe(1);
    expect(inWorld([...args, '--data', 'stuff', '--sandbox', 'on']).status).toBe(0);
    expect(inWorld([...args, '--sandbox', 'off']).status).toBe(0);
  });

  it('is not called the reason where a record leads out of its folder, which is refused anyway', () => {
    const images = join(world.record, 'bd_test_dataset');
    const [label = ''] = readdirSync(images);
    const [image = ''] = readdirSync(join(images, label));
    const path = join(images, label, image);
    const stray = join(world.folder, 'stray.png');
    renameSync(path, stray);
    symlinkSync(stray, path);
    const args = ['evaluate', '--ckpt', world.record, '--data', 'data/shapes', ...CPU];
    const refused = inWorld([...args, '--sandbox', 'on']);
    renameSync(stray, path);
    expect(refused.stderr).toMatch(/which is outside of it\. Copy the images into the folder/);
    expect(refused.stderr).not.toContain('The sandbox');
    expect(refused.status).toBe(1);
  });

  it('says when it is the reason why a file cannot be opened', () => {
    const secret = join(world.folder, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'weights.pt'), readFileSync(join(world.record, 'attack_result.pt')));
    mkdirSync(join(world.folder, 'links'));
    symlinkSync(join(secret, 'weights.pt'), join(world.folder, 'links', 'attack_result.pt'));
    const args = ['inspect', 'links', '--sandbox', 'on'];
    const refused = inWorld(args);
    expect(refused.stderr).toMatch(
      /The sandbox does not let this command read .*attack_result\.pt/,
    );
    expect(refused.stderr).toMatch(
      /SAU_NATIVE_SANDBOX_READ if you trust it, or set --sandbox to off/,
    );
    expect(refused.status).toBe(1);
    expect(inWorld(args, {SAU_NATIVE_SANDBOX_READ: secret}).status).toBe(0);
    expect(inWorld(['inspect', 'links'], {SAU_NATIVE_SANDBOX: 'off'}).status).toBe(0);
  });

  it('leaves no folder behind where the run fails', () => {
    const spill = join(world.folder, 'spill');
    mkdirSync(spill);
    const args = ['defend', '--ckpt', 'missing.pt', '--out', 'never/made', ...SHORT];
    const {status} = inWorld([...args, '--sandbox', 'on'], {TMPDIR: spill});
    expect(status).toBe(1);
    expect(readdirSync(spill)).toEqual([]);
    expect(existsSync(join(world.folder, 'never'))).toBe(false);
  });

  it('keeps images beyond the memory in a temporary folder of its own', () => {
    const spill = join(world.folder, 'spilled');
    mkdirSync(spill);
    const args = ['evaluate', '--ckpt', 'record/badnet', '--data', 'data/shapes', ...CPU];
    const {status, stderr} = inWorld([...args, '--data-memory', '1KiB', '--sandbox', 'on'], {
      TMPDIR: spill,
    });
    expect({status, stderr}).toEqual({status: 0, stderr: ''});
    expect(readdirSync(spill)).toEqual([]);
  });

  it('attacks in it too, and refuses a mode that there is not', () => {
    const args = ['attack', 'badnet', '--data', 'data/shapes', '--out', 'record/second'];
    const short = ['--poison-only', ...SCALE_FLAGS, '--quiet', '--sandbox', 'on'];
    expect(inWorld([...args, ...short])).toMatchObject({status: 0, stderr: ''});
    expect(inWorld(['inspect', 'record/badnet', '--sandbox', 'maybe'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/Expected one of auto, on, off for --sandbox/),
    });
    rmSync(join(world.folder, 'record', 'second'), {recursive: true});
  });
});
