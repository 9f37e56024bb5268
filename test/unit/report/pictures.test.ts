import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {SAU} from '../../../lib/defenses/sau.js';
import {endLabels, lossSeries, rateSeries} from '../../../lib/report/curve_points.js';
import {writeCurves} from '../../../lib/report/curves.js';
import {TRAINING_FIGURES} from '../../../lib/report/round_columns.js';
import {writeStrip} from '../../../lib/report/strip.js';
import {metrics, round} from '../../support/sample_rounds.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-pictures-'));
});
afterAll(() => rm(folder, {recursive: true}));

const before = metrics(0.9, 0.95, 0.05);
const rounds = [0, 1, 2].map((i) => round(i, metrics(0.88, 0.3 / (i + 1), 0.6)));

const unlearning = {after: null, figures: SAU.figures, stage: SAU.stage};
const training = {after: null, figures: TRAINING_FIGURES, stage: 'training'};

async function curves(input: Parameters<typeof writeCurves>[1]): Promise<string> {
  const path = join(folder, 'curves.svg');
  await writeCurves(path, input);
  return readFile(path, 'utf8');
}

/** librsvg refuses an SVG that is not well-formed XML. */
async function drawnPixels(svg: string): Promise<number> {
  const {data} = await sharp(Buffer.from(svg))
    .grayscale()
    .raw()
    .toBuffer({resolveWithObject: true});
  return data.filter((value) => value < 128).length;
}

describe('the curves', () => {
  it('draw ACC, ASR and RA with their last values, and the losses', async () => {
    const svg = await curves({...unlearning, before, rounds, title: 'SAU & <demo>'});
    expect(await drawnPixels(svg)).toBeGreaterThan(1000);
    for (const text of [
      'ACC 88.0 %',
      'ASR 10.0 %',
      'RA 60.0 %',
      'loss 0.667',
      'shared risk 0.333',
    ]) {
      expect(svg).toContain(`>${text}</text>`);
    }
    expect(svg).toContain('SAU &amp; &lt;demo&gt;');
  });

  it('leave out what was not measured', async () => {
    const clean = [round(0, metrics(0.88, null, null))];
    const svg = await curves({
      ...unlearning,
      before: metrics(0.9, null, null),
      rounds: clean,
      title: 'one round',
    });
    expect(svg).toContain('ACC 88.0 %');
    expect(svg).not.toContain('ASR');
    expect(await drawnPixels(svg)).toBeGreaterThan(1000);
  });

  it('of a run without a round still show the model before', async () => {
    const svg = await curves({...unlearning, before, rounds: [], title: 'nothing yet'});
    expect(svg).toContain('ACC 90.0 %');
  });

  it('end at the result where the rounds were not measured', () => {
    const unmeasured = [0, 1, 2].map((i) => round(i, null));
    const after = metrics(0.8, 0.01, 0.7);
    const input = {...unlearning, before, rounds: unmeasured, after, title: ''};
    const ends = (given: typeof input) => rateSeries(given).map(({points}) => points.at(-1));
    expect(ends(input)).toEqual([
      {x: 3, y: 80},
      {x: 3, y: 1},
      {x: 3, y: 70},
    ]);
    expect(ends({...input, rounds}).map((end) => end?.y)).toEqual([88, 10, 60]);
  });

  it('of training show one loss over the epochs', async () => {
    const svg = await curves({...training, before: null, rounds, title: 't', unit: 'epoch'});
    expect(svg).toContain('training loss');
    expect(svg).not.toContain('shared risk');
  });

  it('have the model before at 0 and a gap where a loss is not finite', () => {
    const broken = [
      round(0, null),
      {...round(1, null), figures: {loss: Number.NaN}},
      round(2, null),
    ];
    const input = {...unlearning, before, rounds: broken, title: ''};
    expect(rateSeries(input).map(({points}) => points)).toEqual([
      [{x: 0, y: 90}],
      [{x: 0, y: 95}],
      [{x: 0, y: 5}],
    ]);
    expect(lossSeries(input)[0]?.points.map(({x}) => x)).toEqual([1, 3]);
  });

  it('keep the labels at their ends apart and inside', () => {
    const series = [98, 99, 100, 1].map((y) => ({
      name: 's',
      color: 'black',
      shape: 'circle' as const,
      points: [{x: 1, y}],
    }));
    const at = endLabels(series, String, 5, 0, 100).map((label) => label.at);
    expect(at).toEqual([100, 95, 90, 1]);
  });
});

describe('the strip', () => {
  it('shows every pixel enlarged, without smoothing', async () => {
    const red = new Uint8Array(12).fill(255, 0, 4);
    const mixed = new Uint8Array([0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0]); // green top left, else black
    const path = join(folder, 'strip.png');
    const rows = [
      {label: 'clean', images: [red, mixed]},
      {label: 'a < b & c', images: [mixed]},
    ];
    await writeStrip(path, {rows, size: 2, scale: 10});
    const {data, info} = await sharp(path).removeAlpha().raw().toBuffer({resolveWithObject: true});
    expect([info.width, info.height]).toEqual([190 + 100, 100]);
    const pixel = (x: number, y: number) => [
      ...data.subarray((y * info.width + x) * 3).subarray(0, 3),
    ];
    expect(pixel(190 + 5, 5)).toEqual([255, 255, 255]);
    expect(pixel(190 + 20, 20)).toEqual([255, 0, 0]);
    expect(pixel(190 + 39, 39)).toEqual([255, 0, 0]);
    expect(pixel(190 + 69, 29)).toEqual([0, 255, 0]);
    expect(pixel(190 + 70, 29)).toEqual([0, 0, 0]);
    expect(pixel(190 + 20, 60)).toEqual([0, 255, 0]);
    expect(pixel(190 + 65, 65)).toEqual([255, 255, 255]);
  });

  it('refuses an image of another size', async () => {
    const rows = [{label: 'x', images: [new Uint8Array(3)]}];
    const writing = writeStrip(join(folder, 'none.png'), {rows, size: 2, scale: 1});
    await expect(writing).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: 'Expected images of 3x2x2 = 12 bytes but received 3',
    });
  });
});
