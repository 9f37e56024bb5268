import {describe, expect, it} from 'vitest';
import {comparisonOf, type RunState} from '../../../lib/compare/comparison.js';
import {methodsCsv, runsCsv} from '../../../lib/report/comparison_csv.js';
import {purificationVerdict} from '../../../lib/run/verdict.js';
import {runSummary} from '../../support/run_summaries.js';
import {metrics} from '../../support/sample_rounds.js';

const VERDICT = purificationVerdict({
  ...{before: metrics(0.9, 1, 0), after: metrics(0.5, 0.25, null), numClasses: 10},
});

const STATES: readonly RunState[] = [
  {
    ...{kind: 'done', method: 'sau', seed: 0, folder: 'sau/seed_0'},
    summary: runSummary(metrics(0.5, 0.25, null), {verdict: VERDICT}),
  },
  {
    ...{kind: 'done', method: 'sau', seed: 1, folder: 'sau/seed_1'},
    summary: runSummary(metrics(1, 0.25, null), {seed: 1, der: null, passes: null}),
  },
  {
    ...{kind: 'failed', method: 'ft', seed: 0, folder: 'ft/seed_0', code: 'ERR_CONFIG'},
    message: 'Expected a "norm", but\nreceived none',
  },
];
const COMPARISON = comparisonOf({folder: '/compare', checkpoint: 'model.pt'}, STATES);

/** Cells by column of each row. */
function tableOf(csv: string): Record<string, string>[] {
  const [header = '', ...rows] = csv.trimEnd().split('\n');
  const names = header.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [names[i], cell])));
}

describe('the tables of a comparison as CSV', () => {
  it('have a row for each method, with mean and deviation', () => {
    const [sau, ft] = tableOf(methodsCsv(COMPARISON));
    expect(sau).toMatchObject({
      ...{method: 'sau', oracle: 'false', runs: '2', done: '2'},
      ...{test_acc_mean: '0.75', test_acc_std: String(Math.sqrt(0.125))},
      ...{test_asr_mean: '0.25', test_asr_std: '0', test_ra_mean: '', der_mean: '0.9', der_std: ''},
      ...{forward_per_image_mean: '15', backward_per_image_mean: '12'},
      ...{verdicts: 'weakened', method_seconds_mean: '10', peak_memory_bytes_mean: String(2 ** 29)},
    });
    expect(ft).toMatchObject({method: 'ft', runs: '1', done: '0', test_acc_mean: ''});
  });

  it('have a row for each run, which says why it has no result', () => {
    const csv = runsCsv(COMPARISON);
    const [first, second] = tableOf(csv);
    expect(first).toMatchObject({
      ...{method: 'sau', seed: '0', state: 'done', test_acc_before: '0.9', test_acc: '0.5'},
      ...{
        der: '0.9',
        verdict: 'weakened',
        seconds: '12',
        forward_passes: '300',
        clean_images: '20',
        error: '',
      },
    });
    expect(second).toMatchObject({seed: '1', der: '', verdict: '', forward_passes: ''});
    expect(csv).toMatch(
      /\nft,false,false,0,failed,,.*,ERR_CONFIG,"Expected a ""norm"", but\nreceived none"\n$/,
    );
  });
});
