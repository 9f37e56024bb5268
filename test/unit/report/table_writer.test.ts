import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {NC} from '../../../lib/defenses/nc.js';
import {MASKS, THRESHOLDS} from '../../../lib/defenses/pruning.js';
import {type TableRow, TableWriter} from '../../../lib/report/table_writer.js';
import {errorOf} from '../../support/error_of.js';
import {metrics} from '../../support/sample_rounds.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-tables-'));
});
afterEach(() => rm(folder, {recursive: true, force: true}));

const FORMS = {thresholds: THRESHOLDS, masks: MASKS};

function threshold(value: number, more: Partial<TableRow> = {}): TableRow {
  const cells = {threshold: value, value: 0.5, pruned: 3};
  return {kind: 'row', table: 'thresholds', cells, metrics: null, ...more};
}

describe('the tables of a defense', () => {
  it('are CSVs with an index, empty where nothing was measured or said', async () => {
    const writer = new TableWriter(folder, FORMS);
    writer.append(threshold(0.1, {metrics: metrics(0.9, 0.125, 0.75)}));
    writer.append(threshold(0.2));
    await writer.close();
    expect(writer.files).toEqual({thresholds: join(folder, 'threshold_df.csv')});
    expect(await readFile(join(folder, 'threshold_df.csv'), 'utf8')).toBe(
      ',threshold,value,clean_test_loss_avg_over_batch,bd_test_loss_avg_over_batch,' +
        'ra_test_loss_avg_over_batch,test_acc,test_asr,test_ra,num_pruned,validation_acc\n' +
        '0,0.1,0.5,0.5,0.25,2,0.9,0.125,0.75,3,\n' +
        '1,0.2,0.5,,,,,,,3,\n',
    );
  });

  it('quote a name with a comma or quotes in it', async () => {
    const writer = new TableWriter(folder, NC.tables ?? {});
    for (const classTitle of ['great white shark, man-eater', 'the "big" one', 'cat']) {
      const cells = {class: 2, classTitle, norm: 1};
      writer.append({kind: 'row', table: 'triggers', cells, metrics: null});
    }
    await writer.close();
    const text = await readFile(writer.files.triggers ?? '', 'utf8');
    const [header, ...lines] = text.trimEnd().split('\n');
    expect(header).toMatch(/^,class,class_title,mask_norm,/);
    expect(lines.map((line) => line.slice(0, line.indexOf(',1,')))).toEqual([
      '0,2,"great white shark, man-eater"',
      '1,2,"the ""big"" one"',
      '2,2,cat',
    ]);
  });

  it('have the separator and the decimals of their form, and no index then', async () => {
    const writer = new TableWriter(folder, FORMS);
    const cells = {number: 0, layer: 'layer1.0.bn1', channel: 7, score: 0.25};
    writer.append({kind: 'row', table: 'masks', cells, metrics: null});
    await writer.close();
    expect(await readFile(join(folder, 'mask_values.txt'), 'utf8')).toBe(
      'No \t Layer Name \t Neuron Idx \t Score\n0 \t layer1.0.bn1 \t 7 \t 0.2500\n',
    );
  });

  it('are not written where the method has no such table', async () => {
    const writer = new TableWriter(folder, {});
    writer.append(threshold(0.1));
    await writer.close();
    expect(writer.files).toEqual({});
  });

  it('fail with ERR_OUTPUT where they cannot be written', async () => {
    const writer = new TableWriter(join(folder, 'none'), FORMS);
    writer.append(threshold(0.1));
    const {message} = await errorOf(writer.close(), 'ERR_OUTPUT');
    expect(message).toContain('threshold_df.csv');
  });
});
