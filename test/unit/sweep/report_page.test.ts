import {describe, expect, it} from 'vitest';
import {renderSweepReport} from '../../../lib/sweep/report/page.js';
import type {SweptRun} from '../../../lib/sweep/report/tables.js';
import {metrics} from '../../support/sample_rounds.js';
import {done, sweptRun} from '../../support/swept_runs.js';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

function pageOf(runs: readonly SweptRun[]): string {
  return renderSweepReport({
    ...{made: '2026-11-28T10:00:00.000Z', version: '0.1.0', name: 'sweeps/paper', runs},
  });
}

/** The texts of the cells of each row of the tables of attacks by defenses. */
function rowsOf(page: string): string[][] {
  const tables = [...page.matchAll(/<table class="swept">.*?<\/table>/gs)].map(([text]) => text);
  return tables.flatMap((text) =>
    [...text.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
      [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) =>
        cell
          .replaceAll(/<[^>]*>/g, ' ')
          .replaceAll(/\s+/g, ' ')
          .trim(),
      ),
    ),
  );
}

const defended = (defense: string, attack: string, more: Partial<SweptRun> = {}): SweptRun =>
  sweptRun({attack, defense, ...more});

describe('the report of a sweep', () => {
  const page = pageOf([
    sweptRun(),
    defended('sau', 'badnet', {state: done(metrics(0.88, 0.02, 0.85), {der: 0.98})}),
    defended('ft', 'badnet', {state: done(metrics(0.9, 0.5, 0.4), {der: 0.75})}),
    sweptRun({attack: 'blended'}),
    defended('sau', 'blended', {state: done(metrics(0.86, 0.04, 0.8), {der: 0.96})}),
    defended('sau', 'blended', {
      ...{seed: 1, state: {kind: 'failed', code: 'ERR_DEVICE', message: 'no memory was left'}},
    }),
    defended('ft', 'blended', {state: {kind: 'failed', code: 'ERR_CONFIG', message: 'bad'}}),
    sweptRun({attack: 'lf', state: {kind: 'running'}}),
    defended('sau', 'lf', {state: {kind: 'waiting'}}),
  ]);

  it('has the figures of attacks by defenses, and marks the best of a row', () => {
    const [groups, names, badnet, blended, lf, average] = rowsOf(page);
    expect(groups).toEqual(['attack', 'no defense', 'sau', 'ft']);
    const figures = ['ACC', 'ASR', 'RA'];
    expect(names).toEqual([...figures, ...figures, 'DER', ...figures, 'DER']);
    expect(badnet).toEqual([
      ...['badnet', '90.00', '100.00', '0.00'],
      ...['88.00', '2.00 best', '85.00 best', '98.00 best'],
      ...['90.00 best', '50.00', '40.00', '75.00'],
    ]);
    expect(blended).toEqual([
      ...['blended', '90.00', '100.00', '0.00'],
      ...['86.00 1 of 2, 1 failed', '4.00', '80.00', '96.00', 'failed'],
    ]);
    expect(lf).toEqual(['lf', 'no result yet', 'no result yet', 'not planned']);
    expect(average).toEqual([
      ...['average', '90.00 2 of 3 attacks', '100.00', '0.00'],
      ...['87.00 2 of 3 attacks', '3.00', '82.50', '97.00'],
      ...['90.00 1 of 3 attacks', '50.00', '40.00', '75.00'],
    ]);
  });

  it('says which runs failed and which have no result yet', () => {
    expect(page).toContain('sau after blended, seed 1 (cifar10, preactresnet18, poison ratio 0.1)');
    expect(page).toContain('no memory was left');
    expect(page).toMatch(/<h2 id="open">Runs without a result yet<\/h2>.*sau after lf.*not begun/s);
  });

  it('needs no other file, no network and no script, and escapes what others wrote', () => {
    const text = pageOf([
      sweptRun({
        attack: HOSTILE,
        data: HOSTILE,
        state: {kind: 'failed', code: 'X', message: HOSTILE},
      }),
      defended(HOSTILE, HOSTILE, {data: HOSTILE}),
    ]);
    expect(text).not.toMatch(/<script|<img|<link|@import|url\(|onerror='/);
    expect(text).toContain('default-src &#39;none&#39;');
  });

  it('names the headers of every figure, and no heading skips a level', () => {
    const [table = ''] = /<table class="swept">.*?<\/table>/s.exec(page) ?? [];
    expect(table.match(/<th scope="colgroup" colspan="[34]"/g)).toHaveLength(3);
    expect(table.match(/<th scope="col"/g)).toHaveLength(1 + 3 + 4 + 4);
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels.every((level, i) => level - (levels[i - 1] ?? 0) <= 1)).toBe(true);
  });

  it('says what was not equal, and nothing where all was', () => {
    expect(page).not.toContain('What was not equal');
    const [first, second] = ['cpu', 'cuda:0'].map((device) =>
      sweptRun({attack: device, state: done(metrics(1, 1, 0), {device})}),
    );
    if (first === undefined || second === undefined) throw new Error('there are two');
    expect(pageOf([first, second])).toContain('The runs had different devices: cpu, cuda:0.');
  });

  it('has no row of means below a single attack', () => {
    expect(rowsOf(pageOf([sweptRun()]))).toHaveLength(3);
  });
});
