import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {readComparison} from '../compare/read_comparison.js';
import {optionsOfRun} from '../options/tables.js';
import type {ReportConfig} from '../options/types.js';
import {COMPARISON} from '../records/layout.js';
import {readRun} from '../records/run.js';
import type {RunSummary} from '../records/run_summary.js';
import {type Needs, namedPaths, placesOfCheckpoint, placesOfData} from './needs.js';

/**
 * What a report of runs needs: their folders, in which it keeps what it computes, the checkpoint and data that each of
 * them names, and the folder of the report.
 */
export async function needsOfReport(
  folders: readonly string[],
  {out, data}: Pick<ReportConfig, 'out' | 'data'>,
): Promise<Needs> {
  const all = await Promise.all(folders.map(runsIn));
  const runs = await Promise.all(all.flat().map((folder) => readRun(folder).catch(() => null)));
  return {
    reads: [
      ...(data === null ? [] : [data]),
      ...runs.flatMap((run) => (run === null ? [] : placesOfRun(run))),
    ],
    writes: [...folders, ...(out !== null ? [dirname(out)] : folders.length > 1 ? ['.'] : [])],
    spills: true,
  };
}

async function runsIn(folder: string): Promise<readonly string[]> {
  if (!existsSync(join(folder, COMPARISON.summary))) return [folder];
  const comparison = await readComparison(folder).catch(() => null);
  return comparison?.methods.flatMap(({runs}) => runs.map((run) => run.folder)) ?? [];
}

function placesOfRun({checkpoint, dataset, kind, method, options}: RunSummary): readonly string[] {
  const records = checkpoint === null ? [] : [checkpoint.path];
  return [
    ...namedPaths(optionsOfRun(kind, method), options),
    ...[...records.flatMap(placesOfCheckpoint), ...records.flatMap(placesOfData)],
    ...(dataset?.path == null ? [] : [dataset.path]),
  ];
}
