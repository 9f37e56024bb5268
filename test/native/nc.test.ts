import {describe, expect, it} from 'vitest';
import type {
  NativeDefendOptions,
  NativeInversionOptions,
  NativeNcOptions,
} from '../../lib/native/run_contract.js';
import type {Progress} from '../../lib/run/progress.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, facts, imageSetOf, ORACLE_EPOCHS, tensorsOf} from '../support/oracle.js';
import {loadedSession} from '../support/sessions.js';

const INVERSION: NativeInversionOptions = {
  ...{batchSize: 16, epochs: 3, learningRate: 0.1, initialCost: 1e-3, costMultiplier: 2},
  ...{patience: 5, success: 0.5, earlyStop: true, earlyStopThreshold: 0.99},
  ...{earlyStopPatience: 25, cropPadding: 0, flip: false, rowConstants: false},
};
const NC: NativeNcOptions = {
  ...ORACLE_EPOCHS,
  ...{compat: 'sound', inversion: INVERSION, anomaly: 0.1, unlearningRatio: 0.25},
};

function nc(options: Partial<NativeNcOptions> = {}, rounds = 2): NativeDefendOptions {
  const run = {method: 'nc' as const, rounds, evalEvery: 0, evalBatchSize: 8};
  return {...run, options: {...NC, ...options}};
}

async function cleansed(job: NativeDefendOptions) {
  using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')));
  const before = bytesOf(await session.exportStateDict());
  const events: Progress[] = [];
  const reports = await session.defend(job, {onProgress: (event) => events.push(event)});
  return {before, reports, events, after: bytesOf(await session.exportStateDict())};
}

function rowsOf(events: readonly Progress[], name: string) {
  return events.flatMap((event) =>
    event.kind === 'row' && event.table === name ? [event.cells] : [],
  );
}

describe('Neural Cleanse', () => {
  it('tells what the trigger of each class is, and unlearns those that stand out', async () => {
    const {before, reports, events, after} = await cleansed(nc());
    const triggers = rowsOf(events, 'triggers');
    expect(triggers.map((cells) => cells.class)).toEqual(
      Array.from({length: facts.num_classes}, (_, i) => i),
    );
    const {height = 0, width = 0} = imageSetOf(await tensorsOf('training.pt'));
    for (const {norm, epochs} of triggers) {
      expect(norm).toBeGreaterThan(0);
      expect(norm).toBeLessThan(height * width);
      expect(epochs).toBe(3);
    }
    expect(triggers.some(({found}) => found === 1)).toBe(true);
    const kinds = rowsOf(events, 'outliers').map(({median}) => median);
    expect(kinds).toEqual(['lower', 'mean']);
    const pictures = events.filter((event) => event.kind === 'picture');
    expect(pictures.map(({name}) => name)).toEqual(['masks', 'patterns', 'triggers']);
    for (const picture of pictures) {
      expect(picture.planes).toHaveLength(3 * picture.height * picture.width);
      expect(picture.width).toBe(width * Math.ceil(Math.sqrt(facts.num_classes)));
    }
    expect(reports).toHaveLength(2);
    expect(after).not.toEqual(before);
  });

  it('leaves the model as it is where no class stands out, and says so', async () => {
    const {before, reports, events, after} = await cleansed(nc({anomaly: 1e6}));
    expect(reports).toEqual([]);
    expect(after).toEqual(before);
    const notes = events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
    expect(notes.join()).toContain('the model stays as it is');
  });

  it("stamps by pictures of 8 bits where the official tool's quirks are taken over", async () => {
    const [sound, reference] = await Promise.all([
      cleansed(nc()),
      cleansed(nc({compat: 'reference'})),
    ]);
    expect(rowsOf(sound.events, 'triggers')).toEqual(rowsOf(reference.events, 'triggers'));
    expect(sound.after).not.toEqual(reference.after);
  });

  it('refuses clean images that are too few to stamp any', async () => {
    const {message} = await errorOf(cleansed(nc({unlearningRatio: 0})), 'ERR_CONFIG');
    expect(message).toMatch(/^Expected clean images of which unlearningRatio leaves one or more/);
  });
});
