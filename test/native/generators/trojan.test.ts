import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it, onTestFinished} from 'vitest';
import {trojannn} from '../../../lib/attacks/trojannn.js';
import type {NativeTrojanOptions} from '../../../lib/native/attack_contract.js';
import {abortedAtFirstBatch, smallContext} from '../../support/attack_contexts.js';
import {relative, shareOfEqual} from '../../support/closeness.js';
import {errorOf} from '../../support/error_of.js';
import {bytesOf, floatsOf, generatorFacts, tensorOf, tensorsOf} from '../../support/oracle.js';
import {loadedSession} from '../../support/sessions.js';

const OPTIONS = {
  cleanModel: null,
  mask: null,
  numNeuron: 2,
  triggerSteps: 8,
  wrap: true,
  normalizeInput: false,
};

async function makeTrigger(changes: Partial<NativeTrojanOptions> = {}) {
  using session = await loadedSession();
  await session.loadStateDict(await tensorsOf('tiny_reference.pt'));
  const before = bytesOf(await session.exportStateDict());
  const start = {
    planes: tensorOf(await tensorsOf('generators.pt'), 'trojan.start').data,
    height: 16,
    width: 16,
  };
  const options = {...generatorFacts.trojan, normalize: false, ...changes};
  const result = await session.trojanTrigger(start, options);
  expect(bytesOf(await session.exportStateDict())).toEqual(before);
  return {...result, start: start.planes};
}

describe('the TrojanNN trigger', () => {
  it("has the oracle's neurons, costs and pixels, and leaves the model as it was", async () => {
    const result = await makeTrigger();
    const {neurons, costs} = generatorFacts.trojan_result;
    const expected = tensorOf(await tensorsOf('generators.pt'), 'trojan.trigger').data;
    expect([...result.neurons]).toEqual(neurons);
    expect(relative(result.firstCost, costs[0])).toBeLessThan(1e-5);
    expect(relative(result.lastCost, costs.at(-1))).toBeLessThan(1e-3);
    expect(result.steps).toBe(12);
    expect(shareOfEqual(result.trigger, expected)).toBeGreaterThan(0.95);
  });

  it('excites its neurons more than the start picture does', async () => {
    const {firstCost, lastCost} = await makeTrigger();
    expect(lastCost).toBeLessThan(firstCost);
  });

  it('stays in [0.7, 1] where the picture is white and black where it is black', async () => {
    const {trigger, start} = await makeTrigger();
    const of = (level: number) => [...trigger].filter((_, i) => start[i] === level);
    expect(Math.min(...of(255))).toBeGreaterThanOrEqual(178);
    expect(new Set(of(255)).size).toBeGreaterThan(1);
    expect(Math.max(...of(0))).toBe(0);
    expect(Math.min(...of(100))).toBeGreaterThanOrEqual(23);
    expect(Math.max(...of(100))).toBeLessThanOrEqual(177);
  });

  it('ends as soon as the cost is low enough', async () => {
    const {steps} = await makeTrigger({stopBelow: 1e9});
    expect(steps).toBe(1);
  });

  it('sees other pixels where the input is normalized', async () => {
    const {firstCost} = await makeTrigger({normalize: true});
    expect(firstCost).not.toBe((await makeTrigger()).firstCost);
  });

  it('refuses more neurons than the final layer has inputs', async () => {
    const error = await errorOf(makeTrigger({neurons: 17}), 'ERR_CONFIG');
    expect(error.message).toMatch(/at most 16 neurons .* received 17/);
  });
});

describe('trojannn', () => {
  it('adds an apple modulo 256, whose neurons follow from the seed alone', async () => {
    const context = await smallContext();
    const {train, test, picture} = await trojannn(OPTIONS, context);
    const planes = picture ?? new Uint8Array();
    expect(train).toBe(test);
    const image = new Uint8Array(planes.length).fill(90);
    expect([...train(image, 0)]).toEqual([...planes].map((value) => (value + 90) % 256));
    expect(planes.some((value) => value > 178)).toBe(true);
    expect([...planes.subarray(0, 16)]).toEqual(new Array(16).fill(0));
    expect(context.told).toContainEqual({kind: 'stage', message: 'searching for the trigger'});
    expect((await trojannn(OPTIONS, context)).picture).toEqual(planes);
  });

  it('clamps where wrapping is off', async () => {
    const {train, picture} = await trojannn({...OPTIONS, wrap: false}, await smallContext());
    const planes = picture ?? new Uint8Array();
    const image = new Uint8Array(planes.length).fill(90);
    expect([...train(image, 0)]).toEqual([...planes].map((value) => Math.min(value + 90, 255)));
  });

  it('uses the neurons that the random final layer of 1000 outputs connects best', async () => {
    const context = await smallContext();
    using session = await context.openSession(1000);
    await session.initialize();
    const weight = floatsOf(await session.exportStateDict(), 'linear.weight');
    const scores = Array.from({length: 16}, (_, k) =>
      weight.reduce((sum, w, i) => sum + (i % 16 === k ? Math.abs(w) : 0), 0),
    );
    const best = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    const start = {planes: new Uint8Array(768).fill(255), height: 16, width: 16};
    const options = {...generatorFacts.trojan, neurons: 3, steps: 1, normalize: false};
    const {neurons} = await session.trojanTrigger(start, options);
    expect([...neurons]).toEqual(best.slice(0, 3));
  });

  it("takes the user's picture as the shape", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sau-trojan-'));
    onTestFinished(() => rm(folder, {recursive: true, force: true}));
    const mask = join(folder, 'mask.png');
    const pixels = new Uint8Array(16 * 16 * 3);
    pixels.fill(255, 0, 48); // the first row
    await sharp(pixels, {raw: {width: 16, height: 16, channels: 3}}).toFile(mask);
    const {picture} = await trojannn({...OPTIONS, mask}, await smallContext());
    const lit = [...(picture ?? [])].flatMap((value, i) => (value > 0 ? [i % 256] : []));
    expect([...new Set(lit)]).toEqual(Array.from({length: 16}, (_, i) => i));
  });

  it('tells that a picture of another size is resized', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sau-trojan-'));
    onTestFinished(() => rm(folder, {recursive: true, force: true}));
    const mask = join(folder, 'white.png');
    const white = {width: 4, height: 8, channels: 3, background: 'white'} as const;
    await sharp({create: white}).png().toFile(mask);
    const context = await smallContext();
    await trojannn({...OPTIONS, mask}, context);
    const message = `the mask ${mask} is resized from 4x8 to 16x16, its aspect ignored`;
    expect(context.told).toContainEqual({kind: 'note', message});
  });

  it('refuses a black picture, and a clean model of another architecture', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sau-trojan-'));
    onTestFinished(() => rm(folder, {recursive: true, force: true}));
    const mask = join(folder, 'black.png');
    const black = {width: 4, height: 4, channels: 3, background: 'black'} as const;
    await sharp({create: black}).png().toFile(mask);
    await errorOf(trojannn({...OPTIONS, mask}, await smallContext()), 'ERR_DATASET');
    const other = await smallContext({cleanModel: async () => new Map()});
    await errorOf(trojannn(OPTIONS, other), 'ERR_CHECKPOINT');
  });

  it('stops when it is aborted', async () => {
    const {run, reason} = abortedAtFirstBatch();
    const context = await smallContext({run});
    await expect(trojannn({...OPTIONS, triggerSteps: 1_000_000}, context)).rejects.toBe(reason);
  });
});
