import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {DIST} from '../support/paths.js';
import type {Scene} from './walk.js';

/**
 * The writers of the folder of a defense without a model, so that thousands of runs take seconds: rows that come one
 * by one, weights, tables, pictures and the summary at the end, in a folder that may have an earlier result.
 */
const MODULE = `
const {join} = require('node:path');
const lib = (name) => require(join(${JSON.stringify(DIST)}, 'lib', name));
const {withOutput} = lib('report/output_folder.js');
const {withReplacement} = lib('report/replacement.js');
const {RoundRows} = lib('report/defense_rows.js');
const {defenseOf, filesOf} = lib('defenses/defenses.js');
const {takeBackDefense} = lib('records/defense_result.js');
const {writeCheckpoint} = lib('records/write_checkpoint.js');
const {writeSafetensors} = lib('checkpoint/safetensors_writer.js');
const {writeWholeFile} = lib('base/whole_file.js');
const {SauError} = lib('base/errors.js');

const stateDict = new Map(['fc.weight', 'fc.bias'].map((name) =>
  [name, {dtype: 'float32', shape: [2], data: new Uint8Array(8)}]));
const row = {kind: 'row', table: 'scores', cells: {}, metrics: null};
const size = {height: 2, width: 2};

async function write(out, {method = 'clp', force = false} = {}) {
  const options = {force, reserveBytes: 1};
  const replaced = async () => [...filesOf('clp'), ...filesOf('nc')];
  return withOutput(out, options, (folder) => withReplacement(folder, replaced, async (into) => {
    const rows = new RoundRows(into, method, defenseOf(method));
    try {
      for (let round = 0; round < 2; round++) {
        rows.append({round, rounds: 2, seconds: 0, figures: {}, metrics: null});
        rows.appendRow(row);
        rows.appendPicture({kind: 'picture', name: 'triggers', planes: new Uint8Array(12), ...size});
      }
      await rows.close();
      await writeCheckpoint(join(into, 'defense_result.pt'), {modelName: 'any', numClasses: 2, stateDict});
      await writeSafetensors(join(into, 'defense_result.safetensors'), stateDict);
      await writeWholeFile(join(into, 'run.json'), JSON.stringify({method}));
    } catch (error) {
      await takeBackDefense(into, method);
      throw error;
    }
  }));
}

module.exports = {SauError, write};
`;

/** Writes the module of these scenes into a folder. Gives its path. */
export function writersModule(folder: string): string {
  const path = join(folder, 'writers', 'writers.cjs');
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, MODULE);
  return path;
}

/** Weights that were written before a file after them could not be stay. */
export const keepsWeights = (lines: readonly string[]): boolean =>
  lines.some((line) => /^\+ (unfinished\/)?defense_result\.pt$/.test(line)) &&
  lines.every((line) => line.startsWith('+ '));

/** Into a new folder, over a result of the same method, and over one of another. */
export function writerScenes(before: {same: string; other: string}): Scene[] {
  const call = (options: object) => (out: string) => ({name: 'write', args: [out, options]});
  const again = call({force: true});
  const rest = {again, mayLeave: keepsWeights, most: Number.POSITIVE_INFINITY};
  return [
    {name: 'a result', before: null, call: call({}), ...rest},
    {name: 'a result over one', before: before.same, call: again, ...rest},
    {name: 'a result over that of another method', before: before.other, call: again, ...rest},
  ];
}
