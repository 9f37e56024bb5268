import {describe, expect, it} from 'vitest';
import {comparisonOf} from '../../../lib/compare/comparison.js';
import {html} from '../../../lib/report/html/html.js';
import {renderReport} from '../../../lib/report/html/page.js';
import {COLORS} from '../../../lib/report/html/style.js';
import {EVIDENCE, PIXEL, reportedRun, reportInput, SCAN} from '../../support/reports.js';
import {runSummary} from '../../support/run_summaries.js';
import {metrics} from '../../support/sample_rounds.js';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u0000&amp;`;

/** The texts of the headings, in order, with their levels. */
function headingsOf(page: string): [number, string][] {
  return [...page.matchAll(/<h([1-6])[^>]*>(.*?)<\/h\1>/gs)].map(([, level, text]) => [
    Number(level),
    text ?? '',
  ]);
}

describe('a template of HTML', () => {
  it('escapes texts in content and in attributes', () => {
    const page = html`<p title="${HOSTILE}">${HOSTILE}</p>`.text;
    expect(page).not.toMatch(/<script|<img|onerror='/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('&amp;amp;');
    expect(page).toContain('\ufffd'); // for the control character
    expect(page.match(/"/g)).toHaveLength(2);
  });

  it('takes pieces of HTML and lists as they are, and nothing for null', () => {
    const items = ['a', '<'].map((text) => html`<li>${text}</li>`);
    expect(html`<ul>${items}</ul>${null}${1.5}`.text).toBe('<ul><li>a</li><li>&lt;</li></ul>1.5');
  });
});

describe('a report of one run', () => {
  const page = renderReport(reportInput());

  it('begins with the verdict', () => {
    const [[level, text] = [], ...others] = headingsOf(page);
    expect([level, text]).toEqual([1, 'The backdoor is gone']);
    expect(others.every(([of]) => of > 1)).toBe(true);
    expect(page.indexOf('The backdoor is gone: the trigger leads')).toBeLessThan(
      page.indexOf('<table'),
    );
  });

  it('has its sections in order, and no heading skips a level', () => {
    const headings = headingsOf(page);
    expect(headings.filter(([level]) => level === 2).map(([, text]) => text)).toEqual([
      ...['Before and after', 'Rounds', 'Images', 'Where the attack&#39;s images go'],
      ...['Class by class', 'Where the model looks', 'Map of features', 'What sau found'],
      ...['What was run', 'How to repeat it'],
    ]);
    headings.forEach(([level], i) => {
      expect(level - (headings[i - 1]?.[0] ?? 0)).toBeLessThanOrEqual(1);
    });
  });

  it('needs no other file, no network and no script', () => {
    expect(page).not.toMatch(
      /<script|<link|@import|url\(|src="(?!data:)|https?:\/\/(?!www\.w3\.org)/,
    );
    expect(page).toContain('default-src &#39;none&#39;');
  });

  it('has the drawings for wide and for narrow screens', () => {
    expect(page).toContain('<svg class="wide-one">');
    expect(page).toContain('<svg class="narrow-one">');
  });

  it('says where the images of the attack go', () => {
    const rows = [...page.matchAll(/<tr>.*?<\/tr>/gs)].map(([row]) =>
      row
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
    expect(rows).toContain('0 target 100.0 % 50.0 %');
    expect(rows).toContain('1 0.0 % 37.5 %');
    expect(rows).toContain('1 100.0 % 75.0 % 100.0 % 25.0 % 75.0 %'); // ACC, ACC, ASR, ASR, RA
  });

  it('gives each image a text', () => {
    const images = [...page.matchAll(/<img [^>]*>/g)].map(([image]) => image);
    expect(images).toHaveLength(6);
    for (const image of images) expect(image).toMatch(/ alt="[^"]{5,}"/);
  });

  it('has each id once', () => {
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells how to repeat the run', () => {
    expect(page).toContain('sau-native defend --method sau');
    expect(page).toContain('a'.repeat(64));
  });
});

describe('parts that a run does not have', () => {
  it('are left out, and the report says which and why', () => {
    const missing = ['Images: the data set is gone.'];
    const none = {evidence: null, curves: null, tables: [], pictures: [], missing};
    const page = renderReport(reportInput({runs: [reportedRun(none)]}));
    expect(headingsOf(page).map(([, text]) => text)).toEqual([
      ...['The backdoor is gone', 'Before and after', 'What was run', 'How to repeat it'],
      'Left out',
    ]);
    expect(page).toContain('the data set is gone');
    expect(page).not.toContain('<img');
  });

  it('are those of an attack, which has nothing before it', () => {
    const summary = runSummary(metrics(0.9, 0.97, 0.02), {
      kind: 'attack',
      method: 'badnet',
      before: null,
    });
    const page = renderReport(reportInput({runs: [reportedRun({summary, evidence: null})]}));
    expect(page).toContain('<h1>A backdoor was planted</h1>');
    expect(page).toContain('sau-native attack badnet');
    expect(page).toContain('Epochs');
  });

  it('are what needs poisoned images', () => {
    const summary = runSummary(metrics(0.9, null, null), {
      before: metrics(0.9, null, null),
      der: null,
    });
    const evidence = {...EVIDENCE, poisoned: null};
    const page = renderReport(reportInput({runs: [reportedRun({summary, evidence})]}));
    expect(page).toContain('<h1>Whether the backdoor is gone is not known</h1>');
    expect(page).not.toContain('Where the attack');
    expect(page).toContain('Class by class');
  });
});

describe('texts of others', () => {
  it('are never HTML, wherever they stand', () => {
    const summary = runSummary(metrics(0.88, 0.02, 0.85), {
      ...{model: HOSTILE, method: HOSTILE, device: HOSTILE, numClasses: 3},
      options: {[HOSTILE]: HOSTILE, ckpt: HOSTILE},
      checkpoint: {path: HOSTILE, sha256: HOSTILE},
      files: {cleanIndex: HOSTILE},
      cleanSubset: {count: 3, chosen: HOSTILE, sha256: HOSTILE},
      versions: {sauNative: HOSTILE, node: HOSTILE, libtorch: HOSTILE, libtorchCuda: HOSTILE},
      rounds: [0, 1].map((i) => ({round: i, seconds: 1, figures: {[HOSTILE]: 1}, metrics: null})),
      dataset: {
        ...runSummary(metrics(1, 1, 1)).dataset,
        ...{name: HOSTILE, path: HOSTILE, format: HOSTILE},
        classTitles: [HOSTILE, HOSTILE, HOSTILE],
      },
    });
    const run = reportedRun({
      ...{summary, folder: HOSTILE, missing: [HOSTILE]},
      evidence: {...EVIDENCE, missing: [HOSTILE]},
      tables: [{name: HOSTILE, file: HOSTILE, header: [HOSTILE], rows: [[HOSTILE]], more: 0}],
      pictures: [{name: HOSTILE, file: HOSTILE, image: PIXEL}],
    });
    const failed = {kind: 'failed', method: HOSTILE, seed: 0, folder: HOSTILE} as const;
    const comparison = comparisonOf({folder: HOSTILE, checkpoint: HOSTILE}, [
      {...failed, code: HOSTILE, message: HOSTILE},
    ]);
    for (const input of [{runs: [run]}, {runs: [run, run], comparison}]) {
      const page = renderReport(reportInput({...input, version: HOSTILE, made: HOSTILE}));
      expect(page).toContain('&lt;script&gt;');
      expect(page).not.toMatch(/<script|<img src=x|onerror='/);
      expect(page).not.toContain("alert(2)'");
    }
  });
});

describe('a report of a comparison', () => {
  const summary = runSummary(metrics(0.88, 0.02, 0.85), {numClasses: 3});
  const ft = runSummary(metrics(0.89, 0.98, 0.01), {numClasses: 3, method: 'ft'});
  const state = (method: string, of: typeof summary) =>
    ({kind: 'done', method, seed: 0, folder: `/c/${method}/seed_0`, summary: of}) as const;
  const failed = {kind: 'failed', method: 'anp', seed: 0, folder: '/c/anp/seed_0'} as const;
  const comparison = comparisonOf({folder: '/c', checkpoint: 'model.pt'}, [
    state('sau', summary),
    state('ft', ft),
    {...failed, code: 'ERR_CONFIG', message: 'no batch norms'},
  ]);
  const runs = [reportedRun(), reportedRun({summary: ft})];

  it('has the table, the verdicts, and each run below', () => {
    const page = renderReport(reportInput({runs, comparison}));
    const second = headingsOf(page).flatMap(([level, text]) => (level === 2 ? [text] : []));
    expect(second).toEqual([
      ...['Side by side', 'Verdicts', 'SAU on preactresnet18_w8, cifar10, seed 0'],
      'FT on preactresnet18_w8, cifar10, seed 0',
    ]);
    expect(page).toContain('The backdoor is still active');
    expect(page).toContain('no batch norms');
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('leaves images out where they would make the file large, and says so', () => {
    const large = PIXEL.replace('base64,', `base64,${'A'.repeat(900_000)}`);
    const heavy = reportedRun({
      evidence: {
        ...EVIDENCE,
        looks: null,
        strip: {
          clean: [{image: large, label: 0, predicted: {before: 0, after: 0}}],
          poisoned: [],
          adversarial: [],
        },
      },
    });
    const page = renderReport(reportInput({runs: [heavy, heavy, heavy], comparison}));
    expect(page.length).toBeLessThan(3_000_000);
    expect(page.match(/to keep the file small/g)).toHaveLength(1);
  });
});

describe('a report of a scan', () => {
  it('has its verdict, its statistics and its triggers', () => {
    const pictures = [{name: 'trigger_2', file: 'trigger_2.png', image: PIXEL}];
    const page = renderReport(
      reportInput({runs: [], scans: [{summary: SCAN, folder: 'scan', pictures}]}),
    );
    expect(page).toContain('The model is suspicious');
    expect(page).toContain('2 (cat)');
    expect(page).toContain('∞');
    expect(page).toContain('Reconstructed triggers');
  });
});

describe('the colors', () => {
  const channel = (value: number) =>
    value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) =>
      channel(Number.parseInt(color.slice(at, at + 2), 16) / 255),
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };

  it.each(['light', 'dark'] as const)('of texts can be read in the %s theme', (theme) => {
    const {paper, panel, line: _, ...texts} = COLORS[theme];
    for (const ground of [paper, panel]) {
      for (const color of Object.values(texts)) {
        expect(contrast(color, ground)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
