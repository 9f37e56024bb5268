// Reads the inputs that were findings once, and the seeds of every target, and writes a line of JSON for each target.
import {existsSync} from 'node:fs';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {scratchRoot} from './campaign.mjs';
import {Guarded} from './guarded.mjs';
import {ROOT, withoutCore} from './package.mjs';
import {loadTarget, TARGET_NAMES} from './targets.mjs';

/** Minimized inputs of findings, in a folder for each target. */
const CORPUS = join(ROOT, 'test/fuzz/corpus');

async function replay(target) {
  const folder = await mkdtemp(join(scratchRoot(), `sau-replay-${target.name}-`));
  const guarded = new Guarded(target, folder);
  const outcome = (bytes) =>
    guarded.run(bytes).catch(({signature, message}) => `${signature} ${message}`);
  const home = join(CORPUS, target.name);
  const corpus = {};
  for (const name of existsSync(home) ? (await readdir(home)).sort() : []) {
    corpus[name] = await outcome(await readFile(join(home, name)));
  }
  const seeds = [];
  for (const seed of await target.seeds()) seeds.push(await outcome(seed));
  await guarded.end();
  await rm(folder, {recursive: true, force: true});
  return {target: target.name, corpus, seeds};
}

withoutCore();
for (const name of TARGET_NAMES) console.log(JSON.stringify(await replay(await loadTarget(name))));
