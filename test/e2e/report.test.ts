import {randomUUID} from 'node:crypto';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {rename} from 'node:fs/promises';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {beforeAll, describe, expect, it} from 'vitest';
import type {DefendResult, Progress, ReportResult} from '../../lib/index.js';
import type {Evidence} from '../../lib/records/evidence.js';
import {jsonOf, namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, useWorld} from '../support/world.js';

function evidenceIn(folder: string): Evidence {
  return jsonOf(join(folder, 'evidence.json')) as Evidence;
}

describe.skipIf(!IS_BUILT)('a report', () => {
  const world = useWorld();
  let result: DefendResult;
  let folder: string;
  const reportIn = () => readFileSync(join(folder, 'report.html'), 'utf8');

  beforeAll(async () => {
    if (!IS_BUILT) return;
    folder = join(world.folder, 'sau');
    const run = {rounds: 2, batchSize: 8, clean: '20', out: folder, report: true};
    result = await builtPackage().defend({...CPU, ckpt: world.record, ...run});
  });

  it('is written with the run, below its evidence', () => {
    expect(result.files.report).toBe(join(folder, 'report.html'));
    expect(namesIn(folder)).toEqual(expect.arrayContaining(['evidence.json', 'report.html']));
    const page = reportIn();
    for (const part of ['Images', 'Class by class', 'Where the model looks', 'Map of features']) {
      expect(page).toContain(`>${part}</h2>`);
    }
    expect(page).not.toContain('Left out');
    expect(page.length).toBeLessThan(3e6);
    expectSchema('file-evidence', evidenceIn(folder));
  });

  it('has predictions that add up to the figures of the run', () => {
    const {clean, poisoned, strip, looks, map} = evidenceIn(folder);
    const sum = (counts: readonly number[] = []): number => counts.reduce((a, b) => a + b, 0);
    const {before, after} = result;
    expect(sum(clean?.total)).toBe(after.cleanCount);
    expect(sum(clean?.recognized.before) / sum(clean?.total)).toBeCloseTo(before.acc ?? -1, 10);
    expect(sum(clean?.recognized.after) / sum(clean?.total)).toBeCloseTo(after.acc ?? -1, 10);
    expect(sum(poisoned?.total)).toBe(after.poisonedCount);
    expect(sum(poisoned?.hits.before) / sum(poisoned?.total)).toBeCloseTo(before.asr ?? -1, 10);
    expect(sum(poisoned?.hits.after) / sum(poisoned?.total)).toBeCloseTo(after.asr ?? -1, 10);
    expect(sum(poisoned?.recognized.after) / sum(poisoned?.total)).toBeCloseTo(after.ra ?? -1, 10);
    expect(Object.values(strip ?? {}).map((row) => row.length)).toEqual([8, 8, 8]);
    expect(looks).toHaveLength(8);
    expect(map?.before.clean).toHaveLength(after.cleanCount);
  });

  it('is made again from what is kept, without the models', async () => {
    const {report} = builtPackage();
    const hidden = join(folder, 'hidden.pt');
    const {checkpoint} = result.files;
    await rename(checkpoint, hidden);
    try {
      const stages: Progress[] = [];
      const again = await report(
        pathToFileURL(folder),
        {},
        {onProgress: (one) => stages.push(one)},
      );
      expect(again).toMatchObject({path: join(folder, 'report.html'), runs: [folder], missing: []});
      expect(again.bytes).toBe(Buffer.byteLength(reportIn()));
      expect(stages).toEqual([]);
    } finally {
      await rename(hidden, checkpoint);
    }
  });

  it('says what is left out and why where the files of the run are not there', async () => {
    const {report} = builtPackage();
    const out = join(world.folder, 'bare.html');
    const kept = join(folder, 'evidence.json');
    await rename(kept, join(folder, 'kept.json'));
    try {
      const bare = await report(folder, {out, evidence: false});
      expect(bare.missing).toEqual([expect.stringContaining('they were not asked for')]);
      await rename(world.data, `${world.data}_moved`);
      const moved = await report(folder, {...CPU, out});
      expect(moved.missing).toEqual([expect.stringContaining(world.data)]);
      expect(readFileSync(out, 'utf8')).toContain('>Left out</h2>');
      const found = await report(folder, {...CPU, out, data: `${world.data}_moved`});
      expect(found.missing).toEqual([]);
      expect(jsonOf(kept)).toEqual(jsonOf(join(folder, 'kept.json')));
    } finally {
      await rename(`${world.data}_moved`, world.data);
    }
  });

  it('replaces a report, and no other file', async () => {
    const {report} = builtPackage();
    const out = join(world.folder, 'mine.html');
    writeFileSync(out, '<html><head></head><body>mine</body></html>');
    await expect(report(folder, {out})).rejects.toMatchObject({code: 'ERR_OUTPUT'});
    expect(readFileSync(out, 'utf8')).toContain('mine');
    await expect(report(folder, {out: join(world.folder, 'run.json')})).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('HTML file for out'),
    });
  });

  it('removes what a killed one has left of its files', async () => {
    for (const name of ['report.html', 'evidence.json']) {
      writeFileSync(join(folder, `.${name}.${randomUUID()}.tmp`), 'cut');
    }
    rmSync(join(folder, 'evidence.json'));
    await builtPackage().report(folder, CPU);
    expect(namesIn(folder).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(namesIn(folder)).toContain('evidence.json');
  });

  it('is of folders that are runs', async () => {
    const {report} = builtPackage();
    await expect(report(world.data)).rejects.toMatchObject({code: 'ERR_CHECKPOINT'});
    await expect(report([])).rejects.toMatchObject({code: 'ERR_CONFIG'});
  });

  it('shows several runs together, those of attacks among them', () => {
    const out = join(world.folder, 'both.html');
    const {stdout} = sau(world.folder, ['report', folder, world.record, '--out', out, '--json']);
    const printed = JSON.parse(stdout) as ReportResult;
    expectSchema('report', printed);
    expect(printed.runs).toEqual([folder, world.record]);
    const page = readFileSync(out, 'utf8');
    expect(page).toContain('<h1>What became of the backdoors</h1>');
    expect(page).toContain('Attack badnet on preactresnet18_w8');
  });
});

describe.skipIf(!IS_BUILT)('a report of a comparison', () => {
  const world = useWorld();

  it('is written by compare, with its table and its runs', async () => {
    const out = join(world.folder, 'compared');
    const {files, failedRuns} = await builtPackage().compare({
      ...{...CPU, ckpt: world.record, clean: '20', out, report: true},
      ...{methods: ['ft', 'clp'], seeds: [0], set: {ft: {rounds: 1}}},
    });
    expect(failedRuns).toBe(0);
    expect(files.report).toBe(join(out, 'report.html'));
    const page = readFileSync(files.report ?? '', 'utf8');
    expect(page).toContain('<h1>Defenses side by side</h1>');
    expect(page.match(/<article/g)).toHaveLength(2);
    expect(page).not.toContain('Left out');
  });
});
