import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Browser} from 'playwright-core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {comparisonOf} from '../../lib/compare/comparison.js';
import {SAU} from '../../lib/defenses/sau.js';
import {drawCurves} from '../../lib/report/curves.js';
import type {ReportInput} from '../../lib/report/html/input.js';
import {renderReport} from '../../lib/report/html/page.js';
import {renderSweepReport} from '../../lib/sweep/report/page.js';
import {BROWSER, openBrowser, visit} from '../support/browser.js';
import {reportedRun, reportInput} from '../support/reports.js';
import {metrics, round} from '../support/sample_rounds.js';
import {SWEEP_INPUT} from '../support/swept_runs.js';

const VISITS = (['light', 'dark'] as const).flatMap((theme) =>
  [360, 1200].map((width) => ({theme, width})),
);

describe.skipIf(BROWSER === undefined)('a report in a browser', () => {
  let folder: string;
  let browser: Browser;
  const pages = new Map<string, string>();

  const keep = async (name: string, page: string): Promise<void> => {
    const path = join(folder, `${name}.html`);
    // Folded parts are checked, too.
    await writeFile(path, page.replaceAll('<details>', '<details open>'));
    pages.set(name, path);
  };
  const write = (name: string, input: ReportInput): Promise<void> =>
    keep(name, renderReport(input));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sau-browser-'));
    browser = await openBrowser();
    const rounds = [0, 1, 2].map((i) => round(i, metrics(0.88, 0.3 / (i + 1), 0.6)));
    const {figures, stage} = SAU;
    const curves = await drawCurves({
      ...{before: metrics(0.9, 1, 0), rounds, after: null},
      ...{figures, stage},
    });
    const run = reportedRun({curves});
    const long = {...run.summary, folder: `/${'very_long_name'.repeat(20)}`};
    await write('run', reportInput({runs: [run]}));
    const state = {
      kind: 'done',
      method: 'sau',
      seed: 0,
      folder: '/c',
      summary: run.summary,
    } as const;
    const comparison = comparisonOf({folder: '/c', checkpoint: long.folder}, [state]);
    await write('comparison', reportInput({runs: [run, run], comparison}));
    await keep('sweep', renderSweepReport(SWEEP_INPUT));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, {recursive: true});
  });

  describe.each(['run', 'comparison', 'sweep'])('of a %s', (name) => {
    it.each(VISITS)('loads nothing, fits and can be read by all: $theme, $width px', async (as) => {
      const seen = await visit(browser, pages.get(name) ?? '', as);
      expect(seen).toEqual({messages: [], requests: [], overflow: 0, violations: []});
    });
  });

  it('begins with a link to its content, and no script runs in it', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`file://${pages.get('run')}`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the report');
    const violated = page.waitForEvent('console');
    await page.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))",
    );
    expect((await violated).text()).toContain('Content Security Policy');
    expect(await page.evaluate('window.ran')).toBeUndefined();
    await context.close();
  });
});
