import {readdirSync, readlinkSync} from 'node:fs';
import {mkdir, mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {FT} from '../../../lib/defenses/ft.js';
import {NC} from '../../../lib/defenses/nc.js';
import {SAU} from '../../../lib/defenses/sau.js';
import {PICTURES} from '../../../lib/records/layout.js';
import {RoundRows} from '../../../lib/report/defense_rows.js';
import {OFFICIAL_COLUMNS} from '../../../lib/report/round_columns.js';
import {RoundWriter} from '../../../lib/report/round_writer.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn} from '../../support/folders.js';
import {metrics, round} from '../../support/sample_rounds.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-rounds-'));
});
afterEach(() => rm(folder, {recursive: true}));

/** Of a file that is open; that of the look itself is closed by then. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

describe('the rounds of a run', () => {
  it('are a CSV with the official columns, empty where nothing was measured', async () => {
    const writer = await RoundWriter.open(folder, 'sau_df.csv', SAU.columns);
    writer.append(round(0, metrics(0.9, 0.125, 0.75)));
    writer.append(round(1, null));
    writer.append(round(2, {...metrics(1, null, null), cleanLoss: Number.NaN}));
    await writer.close();
    expect(writer.csv).toBe(join(folder, 'sau_df.csv'));
    expect(await readFile(writer.csv, 'utf8')).toBe(
      ',epoch,clean_test_loss_avg_over_batch,bd_test_loss_avg_over_batch,' +
        'ra_test_loss_avg_over_batch,test_acc,test_asr,test_ra\n' +
        '0,0,0.5,0.25,2,0.9,0.125,0.75\n' +
        '1,1,,,,,,\n' +
        '2,2,nan_value,,,1,,\n',
    );
  });

  it('of an attack have the columns of its training', async () => {
    const writer = await RoundWriter.open(folder, 'attack_df.csv', OFFICIAL_COLUMNS.attack);
    writer.append({...round(0, metrics(0.9, 0.5, 0.4)), figures: {loss: 2, trainAcc: 0.8}});
    await writer.close();
    expect(await readFile(join(folder, 'attack_df.csv'), 'utf8')).toBe(
      ',epoch,batch,train_epoch_loss_avg_over_batch,train_acc,train_acc_clean_only,' +
        'train_asr_bd_only,train_ra_bd_only,clean_test_loss_avg_over_batch,' +
        'bd_test_loss_avg_over_batch,test_acc,test_asr,test_ra\n' +
        '0,0,,2,0.8,,,,0.5,0.25,0.9,0.5,0.4\n',
    );
  });

  it('of fine-tuning have the columns of training and of a defense', async () => {
    const writer = await RoundWriter.open(folder, 'ft_df.csv', FT.columns);
    writer.append({...round(0, metrics(0.9, 0.5, 0.4)), figures: {loss: 2, trainAcc: 0.8}});
    await writer.close();
    expect(await readFile(join(folder, 'ft_df.csv'), 'utf8')).toBe(
      ',epoch,batch,train_epoch_loss_avg_over_batch,train_acc,clean_test_loss_avg_over_batch,' +
        'bd_test_loss_avg_over_batch,test_acc,test_asr,test_ra\n' +
        '0,0,,2,0.8,0.5,0.25,0.9,0.5,0.4\n',
    );
  });

  it('are JSON lines that give the reports back', async () => {
    const reports = [round(0, metrics(0.9, null, null)), round(1, null)];
    const writer = await RoundWriter.open(folder, 'sau_df.csv', SAU.columns);
    reports.forEach((report) => {
      writer.append(report);
    });
    await writer.close();
    const lines = (await readFile(writer.jsonl, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      reports.map((report) => ({schemaVersion: 1, ...report})),
    );
  });

  it('are on the disk before the run ends', async () => {
    const writer = await RoundWriter.open(folder, 'sau_df.csv', SAU.columns);
    writer.append(round(0, null));
    await expect
      .poll(() => readFile(writer.jsonl, 'utf8'))
      .toBe(`${JSON.stringify({schemaVersion: 1, ...round(0, null)})}\n`);
    await writer.close();
  });

  it('need a folder', async () => {
    await expect(
      RoundWriter.open(join(folder, 'none'), 'sau_df.csv', SAU.columns),
    ).rejects.toMatchObject({
      code: 'ERR_OUTPUT',
    });
  });

  it.runIf(process.platform === 'linux')(
    'leave no file open where a picture cannot be written',
    async () => {
      const rows = new RoundRows(folder, 'nc', NC);
      rows.append(round(0, null));
      await expect.poll(() => namesIn(folder)).toContain('rounds.jsonl');
      await mkdir(join(folder, PICTURES.masks));
      const planes = new Uint8Array(3);
      rows.appendPicture({kind: 'picture', name: 'masks', height: 1, width: 1, planes});
      await errorOf(rows.close(), 'ERR_OUTPUT');
      const open = readdirSync('/proc/self/fd').flatMap((fd) => {
        const path = linkOf(`/proc/self/fd/${fd}`);
        return path.startsWith(folder) ? [path] : [];
      });
      expect(open).toEqual([]);
    },
  );
});
