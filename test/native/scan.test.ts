import {describe, expect, it} from 'vitest';
import type {NativeScanOptions} from '../../lib/native/scan_contract.js';
import type {Progress} from '../../lib/run/progress.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, facts, imageSetOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, PGD} from '../support/sessions.js';

const MARGIN = {starts: 4, iterations: 10, stepSize: 0.01, tolerance: 0, height: 8, width: 8};
const MMBD: NativeScanOptions = {statistic: 'mmbd', options: MARGIN};

describe('a scan by a session', () => {
  it('needs no images for the margins, changes no weight and tells how far it is', async () => {
    using session = await loadedSession();
    const before = bytesOf(await session.exportStateDict());
    const events: Progress[] = [];
    const found = await session.scan(MMBD, {onProgress: (event) => events.push(event)});
    expect(found.classes).toHaveLength(facts.num_classes);
    expect(found.pictures).toEqual([]);
    expect(found.passes.forward).toBe(facts.num_classes * 10 * 4);
    expect(bytesOf(await session.exportStateDict())).toEqual(before);
    expect(events.at(-1)).toMatchObject({kind: 'batch', batches: 10});
  });

  it('gives equal figures for equal seeds, however many images a pass has', async () => {
    using one = await loadedSession();
    using other = await loadedSession(undefined, {tuning: {chunkSize: 3}});
    const [a, b] = await Promise.all([one.scan(MMBD), other.scan(MMBD)]);
    for (const [label, {margin = Number.NaN}] of a.classes.entries()) {
      expect(b.classes[label]?.margin).toBeCloseTo(margin, 3);
    }
    expect((await one.scan(MMBD)).classes).toEqual(a.classes);
  });

  it('asks for images where a statistic needs them', async () => {
    using session = await loadedSession();
    await errorOf(session.scan({statistic: 'shared', options: {pgd: PGD}}), 'ERR_DATASET');
    await session.setImages('cleanSubset', imageSetOf(await tensorsOf('training.pt')));
    const found = await session.scan({statistic: 'shared', options: {pgd: PGD}});
    expect(found.classes).toHaveLength(facts.num_classes);
  });

  it('finds equal changes of inner values however many images a pass has, and stops when it is aborted', async () => {
    const latent: NativeScanOptions = {statistic: 'latent', options: {steps: 15}};
    const images = imageSetOf(await tensorsOf('training.pt'));
    using one = await loadedSession();
    using other = await loadedSession(undefined, {tuning: {chunkSize: 3}});
    await Promise.all([one, other].map((session) => session.setImages('cleanSubset', images)));
    const [a, b] = await Promise.all([one.scan(latent), other.scan(latent)]);
    expect(a.classes.some(({size}) => Number.isFinite(size))).toBe(true);
    for (const [label, figures] of a.classes.entries()) {
      for (const [name, value] of Object.entries(figures)) {
        const another = b.classes[label]?.[name] ?? 0;
        if (Number.isNaN(value)) expect(another).toBeNaN();
        else expect(another / value, `${name} of class ${label}`).toBeCloseTo(1, 3);
      }
    }
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const scan = one.scan(latent, {signal: controller.signal, onProgress});
    expect(await scan.then(() => null, String)).toContain('enough');
    expect(one.busy).toBe(false);
  });

  it('stops when it is aborted', async () => {
    using session = await loadedSession();
    const controller = new AbortController();
    const options = {...MARGIN, iterations: 1_000_000};
    const scan = session.scan(
      {statistic: 'mmbd', options},
      {signal: controller.signal, onProgress: () => controller.abort(new Error('enough'))},
    );
    expect(await scan.then(() => null, String)).toContain('enough');
    expect(session.busy).toBe(false);
  });

  it('refuses an unknown statistic and numbers that are out of range', async () => {
    using session = await loadedSession();
    const unknown = {statistic: 'tarot', options: MARGIN} as unknown as NativeScanOptions;
    expect((await errorOf(session.scan(unknown), 'ERR_CONFIG')).message).toContain(
      'known statistic',
    );
    const none = session.scan({statistic: 'mmbd', options: {...MARGIN, starts: 0}});
    expect((await errorOf(none, 'ERR_CONFIG')).message).toContain('starts');
  });
});
