import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {SCAN_FILES, triggerPicture} from '../../../lib/records/layout.js';
import {readScan} from '../../../lib/records/scan_file.js';
import {report} from '../../../lib/report.js';
import {errorOf} from '../../support/error_of.js';
import {PIXEL, SCAN} from '../../support/reports.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-scan-report-'));
});
afterAll(() => rm(folder, {recursive: true}));

const write = (scan: object) => writeFile(join(folder, SCAN_FILES.summary), JSON.stringify(scan));

describe('a report of the folder of a scan', () => {
  it('has the summary and the pictures that the scan names, and no other files', async () => {
    const secret = {trigger_1: '../secret.png', other: triggerPicture(0)};
    await write({...SCAN, files: {trigger_2: triggerPicture(2), ...secret}});
    const png = Buffer.from(PIXEL.split(',')[1] ?? '', 'base64');
    for (const label of [0, 2]) await writeFile(join(folder, triggerPicture(label)), png);
    const {path, runs} = await report(folder);
    expect(runs).toEqual([folder]);
    const page = await readFile(path, 'utf8');
    expect(page).toContain('The model is suspicious');
    expect(page.match(/<img /g)).toHaveLength(1);
    expect(page).toContain('Trigger of class 2');
  });

  it('is refused where the summary is no scan of this version', async () => {
    await write({...SCAN, schemaVersion: 2});
    await expect(readScan(folder)).rejects.toMatchObject({code: 'ERR_CHECKPOINT'});
    await write({...SCAN, verdict: {...SCAN.verdict, state: 'clean'}});
    await expect(report(folder)).rejects.toMatchObject({code: 'ERR_CHECKPOINT'});
  });

  it('is refused for the first of many faults', async () => {
    await write({...SCAN, statistics: Array.from({length: 1000}, () => 0)});
    const error = await errorOf(readScan(folder), 'ERR_CHECKPOINT');
    expect(String(error.details.why)).toMatch(/^its statistics\.0 is not /);
    expect(String(error.details.why).length).toBeLessThan(200);
  });
});
