import {existsSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {writeSyntheticImages} from '../../lib/datasets/write_synthetic.js';
import {contentsOf} from './killed_runs.js';
import {HALF} from './world.js';

/** A plan of the smallest runs there are: two attacks and two defenses of each. */
export const SMALL_PLAN = {
  attacks: ['badnet', {blended: {trainAlpha: 0.3}}],
  data: [{'data/shapes': {imageSize: 16, mean: HALF, std: HALF}}],
  models: ['preactresnet18_w2'],
  defenses: ['ft', 'clp'],
  attack: {device: 'cpu', epochs: 1, batchSize: 10, cropPadding: 0},
  defend: {device: 'cpu', clean: 10, rounds: 1, batchSize: 10},
};

/** The data set of {@link SMALL_PLAN} in a folder: three images of each class to learn from. */
export async function drawSmallShapes(folder: string): Promise<void> {
  const sizes = {seed: 1, trainPerClass: 3, testPerClass: 1, size: 16};
  await writeSyntheticImages(join(folder, 'data', 'shapes'), sizes, {});
}

/** Writes a plan as a file. JSON is YAML. */
export function writePlan(path: string, plan: object): void {
  writeFileSync(path, JSON.stringify(plan));
}

/** What must be equal of two sweeps in one folder: the files of all steps, but for times and dates. */
export function contentsOfSweep(folder: string): Record<string, Record<string, string>> {
  const contents: Record<string, Record<string, string>> = {};
  for (const parent of ['attacks', 'defenses']) {
    for (const name of existsSync(join(folder, parent)) ? readdirSync(join(folder, parent)) : []) {
      contents[`${parent}/${name}`] = contentsOf(join(folder, parent, name));
    }
  }
  return contents;
}

/** Takes a sweep out of its folder, so that an equal one may be done there. */
export function takenOutSweep(folder: string): Record<string, Record<string, string>> {
  const aside = `${folder}-aside`;
  renameSync(folder, aside);
  const contents = contentsOfSweep(aside);
  rmSync(aside, {recursive: true});
  return contents;
}
