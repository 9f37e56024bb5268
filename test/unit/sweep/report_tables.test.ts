import {describe, expect, it} from 'vitest';
import {bestOf, type SweptRun, sweepTables} from '../../../lib/sweep/report/tables.js';
import {sweepRunsCsv, sweepTablesCsv} from '../../../lib/sweep/report/tables_csv.js';
import {metrics} from '../../support/sample_rounds.js';
import {done, sweptRun} from '../../support/swept_runs.js';

const FAILED = {
  kind: 'failed',
  code: 'ERR_CONFIG',
  message: 'Expected "a", but received b',
} as const;

const RUNS: readonly SweptRun[] = [
  sweptRun(),
  sweptRun({seed: 1, state: done(metrics(0.8, 1, 0.5), {kind: 'attack', der: null})}),
  sweptRun({defense: 'sau', state: done(metrics(0.5, 0.25, null), {der: 0.75})}),
  sweptRun({defense: 'sau', seed: 1, state: done(metrics(1, 0.25, null), {der: null})}),
  sweptRun({defense: 'ft', state: FAILED}),
  sweptRun({defense: 'ft', seed: 1, state: {kind: 'blocked'}}),
  sweptRun({attack: 'blended', state: done(metrics(0.7, 0.5, 0.5), {kind: 'attack', der: null})}),
  sweptRun({attack: 'blended', defense: 'sau', state: done(metrics(0.25, 0.75, 0.5), {der: 0.5})}),
];

/** Cells by column of each row; no cell of these has a comma. */
function tableOf(csv: string): Record<string, string>[] {
  const [header = '', ...rows] = csv.trimEnd().split('\n');
  const names = header.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [names[i], cell])));
}

describe('the tables of a sweep', () => {
  it('have attacks as rows and defenses as columns, with mean and deviation over the seeds', () => {
    const [table, ...others] = sweepTables(RUNS);
    expect(others).toEqual([]);
    expect(table?.defenses.map(({name}) => name)).toEqual(['sau', 'ft']);
    expect(table?.rows.map(({attack}) => attack)).toEqual(['badnet', 'blended']);
    const [badnet, blended] = table?.rows ?? [];
    expect(badnet?.victim).toMatchObject({
      ...{ra: {mean: 0.25, deviation: Math.sqrt(0.125), count: 2}, der: null, done: 2, all: 2},
    });
    expect(badnet?.cells[0]).toMatchObject({
      acc: {mean: 0.75, deviation: Math.sqrt(0.125), count: 2},
      ...{ra: null, der: {mean: 0.75, deviation: null, count: 1}, done: 2, failed: 0, all: 2},
    });
    expect(badnet?.cells[1]).toEqual({
      ...{acc: null, asr: null, ra: null, der: null, done: 0, failed: 1, all: 2},
    });
    expect(blended?.cells[1]).toBeNull();
  });

  it('end with the mean over the attacks that have a figure', () => {
    const [table] = sweepTables(RUNS);
    expect(table?.average.cells).toEqual([
      {acc: 0.5, asr: 0.5, ra: 0.5, der: 0.625, attacks: 2, done: 3, failed: 0, all: 3},
      {acc: null, asr: null, ra: null, der: null, attacks: 0, done: 0, failed: 1, all: 2},
    ]);
    expect(table?.average.victim).toMatchObject({asr: 0.75, der: null, attacks: 2});
  });

  it('are one for each data set, architecture, ratio and kind of clean images, each with the victims', () => {
    const runs = [
      ...RUNS.slice(0, 1),
      sweptRun({defense: 'sau', clean: '5pct'}),
      sweptRun({defense: 'sau', clean: '1pct'}),
      sweptRun({ratio: '0.01'}),
      sweptRun({data: 'gtsrb', ratio: '0.01'}),
      sweptRun({model: 'vgg19_bn'}),
    ];
    const tables = sweepTables(runs);
    expect(tables.map(({data, model, ratio, clean}) => [data, model, ratio, clean])).toEqual([
      ['cifar10', 'preactresnet18', '0.1', '5pct'],
      ['cifar10', 'preactresnet18', '0.1', '1pct'],
      ['cifar10', 'preactresnet18', '0.01', null],
      ['gtsrb', 'preactresnet18', '0.01', null],
      ['cifar10', 'vgg19_bn', '0.1', null],
    ]);
    expect(tables.map(({rows}) => rows[0]?.victim.done)).toEqual([1, 1, 1, 1, 1]);
  });

  it('say what the runs found where the plan names no data set and no model', () => {
    const [table] = sweepTables([sweptRun({data: null, model: null, ratio: null})]);
    expect(table).toMatchObject({data: 'cifar10', model: 'preactresnet18_w8', ratio: null});
  });

  it('show given victims as their defenses measured them, each once', () => {
    const given = (seed: number) =>
      sweptRun({attack: 'record/a', defense: 'sau', seed, state: done(metrics(1, 0, 1))});
    const [table] = sweepTables([given(0), given(1)]);
    expect(table?.rows[0]?.victim).toMatchObject({
      ...{asr: {mean: 1, deviation: null, count: 1}, done: 1, all: 1},
    });
  });

  it('mark a defense that a defender could not choose so, and one that learns from poisoned images', () => {
    const [table] = sweepTables([
      sweptRun({
        defense: 'sau 1',
        method: 'sau',
        state: done(metrics(1, 0, 1), {selection: 'oracle'}),
      }),
      sweptRun({defense: 'ep 1', method: 'ep'}),
    ]);
    expect(table?.defenses).toEqual([
      {name: 'sau 1', oracle: true, poisonedTrain: false},
      {name: 'ep 1', oracle: false, poisonedTrain: true},
    ]);
  });
});

describe('the best of a row', () => {
  it.each([
    ['the highest ACC', 'acc', [0.5, 0.75, null], [false, true, false]],
    ['the lowest ASR', 'asr', [0.5, 0.75, null], [true, false, false]],
    ['all that are printed alike', 'der', [0.500001, 0.5, 0.4], [true, true, false]],
    ['nothing where there is one alone', 'ra', [0.5, null], [false, false]],
  ] as const)('is %s', (_, figure, shares, expected) => {
    expect(bestOf(figure, shares)).toEqual(expected);
  });
});

describe('a sweep as CSV', () => {
  it('has a row for each run, done or not', () => {
    const rows = tableOf(sweepRunsCsv(RUNS));
    expect(rows).toHaveLength(RUNS.length);
    expect(rows[0]).toMatchObject({
      ...{kind: 'attack', data: 'cifar10', poison_rate: '0.1', attack: 'badnet', defense: ''},
      ...{
        seed: '0',
        state: 'done',
        test_acc: '0.9',
        test_acc_before: '',
        folder: 'runs/badnet-victim-0',
      },
    });
    expect(rows[2]).toMatchObject({
      ...{kind: 'defend', defense: 'sau', test_acc_before: '0.9', test_acc: '0.5', der: '0.75'},
      ...{seconds: '12', forward_passes: '300', device: 'cpu', error_code: ''},
    });
    expect(rows[5]).toMatchObject({defense: 'ft', state: 'blocked', test_acc: '', error: ''});
    expect(sweepRunsCsv(RUNS)).toContain('ERR_CONFIG,"Expected ""a"", but received b"\n');
  });

  it('has a row for each cell of a table, and for the mean over its attacks', () => {
    const rows = tableOf(sweepTablesCsv(sweepTables(RUNS)));
    expect(rows.map(({attack, defense}) => [attack, defense])).toEqual([
      ...[
        ['badnet', ''],
        ['badnet', 'sau'],
        ['badnet', 'ft'],
      ],
      ...[
        ['blended', ''],
        ['blended', 'sau'],
      ],
      ...[
        ['average', ''],
        ['average', 'sau'],
        ['average', 'ft'],
      ],
    ]);
    expect(rows[1]).toMatchObject({
      ...{runs: '2', done: '2', failed: '0', test_acc_mean: '0.75'},
      ...{test_acc_std: String(Math.sqrt(0.125)), test_ra_mean: '', der_mean: '0.75', der_std: ''},
    });
    expect(rows[2]).toMatchObject({runs: '2', done: '0', failed: '1', test_acc_mean: ''});
    expect(rows[6]).toMatchObject({runs: '3', done: '3', test_acc_mean: '0.5', test_acc_std: ''});
  });
});
