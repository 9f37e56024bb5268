import {describe, expect, it} from 'vitest';
import {comparisonTable} from '../../bin/comparison_table.js';
import type {Output} from '../../bin/terminal.js';
import {comparisonOf, type RunState} from '../../lib/compare/comparison.js';
import type {RunSummary} from '../../lib/records/run_summary.js';
import {purificationVerdict} from '../../lib/run/verdict.js';
import {runSummary} from '../support/run_summaries.js';
import {metrics} from '../support/sample_rounds.js';

const PLAIN = {isTTY: false} as Output;
const WIDE = Number.POSITIVE_INFINITY;

function done(method: string, acc: number, more: Partial<RunSummary> = {}): RunState {
  const summary = runSummary(metrics(acc, 0.1, 0.5), more);
  return {kind: 'done', method, seed: summary.seed, folder: method, summary};
}

function table(states: readonly RunState[], columns = WIDE): string {
  return comparisonTable(comparisonOf({folder: '/c', checkpoint: 'm'}, states), columns, PLAIN);
}

const TWO_SEEDS = [
  done('sau', 0.8),
  done('sau', 0.9, {seed: 1}),
  done('ft', 0.7, {der: 0.5, cost: {methodSeconds: 2.345, peakMemoryBytes: 3 * 2 ** 30}}),
  done('ft', 0.7, {der: 0.5, seed: 1, passes: null, cost: null}),
];

describe('the table of a comparison', () => {
  it('has a row for the backdoored model and one for each method', () => {
    expect(table(TWO_SEEDS)).toBe(
      [
        '                   ACC %         ASR %          RA %         DER %   time  F + B/image   memory',
        'no defense         90.00        100.00          0.00             -      -            -        -',
        'sau         85.00 ± 7.07  10.00 ± 0.00  50.00 ± 0.00  90.00 ± 0.00   0:10      15 + 12  512 MiB',
        'ft          70.00 ± 0.00  10.00 ± 0.00  50.00 ± 0.00  50.00 ± 0.00  2.3 s      15 + 12  3.0 GiB',
      ].join('\n'),
    );
  });

  it('says what became of the backdoor, and of how many runs where they differ', () => {
    const judged = (method: string, seed: number, asr: number): RunState => {
      const after = metrics(0.85, asr, 0.8);
      const verdict = purificationVerdict({before: metrics(0.9, 1, 0), after, numClasses: 10});
      return done(method, 0.85, {seed, verdict});
    };
    const text = table([
      ...[judged('sau', 0, 0), judged('sau', 1, 0)],
      ...[judged('ft', 0, 1), judged('ft', 1, 0), judged('ft', 2, 1)],
    ]);
    expect(text).toMatch(/^ +ACC %.* DER % +backdoor +time /m);
    expect(text).toMatch(/^no defense .* - +- +- +- +-$/m);
    expect(text).toMatch(/^sau .* gone +0:10 /m);
    expect(text).toMatch(/^ft .* active 2, gone 1 +0:10 /m);
  });

  it.each([95, 80, 70, 60, 45])('needs at most %i columns where that can be', (columns) => {
    for (const line of table(TWO_SEEDS, columns).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('leaves out memory, passes and time before the deviations, and never a rate', () => {
    expect(table(TWO_SEEDS, 87)).not.toContain('MiB');
    expect(table(TWO_SEEDS, 87)).toContain('15 + 12');
    expect(table(TWO_SEEDS, 66)).toMatch(/RA %.*DER %$/m);
    expect(table(TWO_SEEDS, 66)).toContain('85.00 ± 7.07');
    expect(table(TWO_SEEDS, 65)).toContain('15 + 12');
    expect(table(TWO_SEEDS, 65)).not.toContain('±');
    expect(table(TWO_SEEDS, 10)).toMatch(/ACC %\s+ASR %\s+RA %\s+DER %$/m);
  });

  it('has brackets where the test sets chose, and says what they mean', () => {
    const text = table([done('anp', 0.8, {selection: 'oracle'}), done('sau', 0.8)]);
    expect(text).toMatch(/^anp\s+\[80\.00\]\s+\[10\.00\]\s+\[50\.00\]\s+\[90\.00\]/m);
    expect(text).toMatch(/^sau\s+80\.00/m);
    expect(text).toContain('\n[ ]: chosen by test images');
  });

  it('says why a method has no result, once for all seeds that fail alike', () => {
    const failed = {kind: 'failed', method: 'clp', folder: 'clp', code: 'ERR_CONFIG'} as const;
    const text = table([
      done('sau', 0.8),
      {...failed, seed: 0, message: 'no batch norm'},
      {...failed, seed: 1, message: 'no batch norm'},
      {...failed, seed: 2, message: 'something else'},
    ]);
    expect(text).toMatch(/^clp( +-)+ +0\/3$/m);
    expect(text).toMatch(/^sau .* 1\/1$/m);
    expect(text).toContain('clp, seeds 0, 1: no batch norm (ERR_CONFIG)');
    expect(text).toContain('clp, seed 2: something else (ERR_CONFIG)');
  });

  it('has the best DER in bold and the second underlined on a terminal, never one of an oracle', () => {
    const terminal = {isTTY: true, hasColors: () => true} as unknown as Output;
    const states = [
      done('anp', 0.8, {der: 0.99, selection: 'oracle'}),
      done('ft', 0.8, {der: 0.6}),
      done('sau', 0.8, {der: 0.9}),
      done('fp', 0.8, {der: 0.7}),
    ];
    const {NO_COLOR, FORCE_COLOR} = process.env;
    delete process.env.NO_COLOR;
    delete process.env.FORCE_COLOR;
    try {
      const comparison = comparisonOf({folder: '/c', checkpoint: 'm'}, states);
      const lines = comparisonTable(comparison, WIDE, terminal)
        .replaceAll('\u001b', '^')
        .split('\n');
      const lineOf = (method: string) => lines.find((line) => line.startsWith(`${method} `));
      expect(lineOf('sau')).toMatch(/\^\[1m *90\.00\^\[22m/);
      expect(lineOf('fp')).toMatch(/\^\[4m *70\.00\^\[24m/);
      expect(lineOf('anp')).toContain('[99.00]');
      expect(`${lineOf('anp')}${lineOf('ft')}`).not.toContain('^');
    } finally {
      if (NO_COLOR !== undefined) process.env.NO_COLOR = NO_COLOR;
      if (FORCE_COLOR !== undefined) process.env.FORCE_COLOR = FORCE_COLOR;
    }
  });
});
