import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import {measurePace, type TimedSession} from '../../../lib/time/measure_pace.js';

const PACE = {forward: 0.01, attack: 0.03, training: 0.05};

function images(count: number): ImageSet {
  const labels = new Int32Array(count);
  const own = {labels, trueLabels: labels, originalIndices: labels};
  return {images: new Uint8Array(12 * count), ...own, count, height: 2, width: 2};
}

/** A session on a clock of its own, on which the passes of an image take a known time. */
function clocked(factor = 1, device = 'cpu') {
  let clock = 0;
  let count = 0;
  const counts: number[] = [];
  const works = (seconds: number): void => {
    clock += factor * seconds * count;
  };
  const session = {
    device,
    async setImages(_role, set) {
      ({count} = set);
      counts.push(count);
    },
    async predict() {
      works(PACE.forward);
      return new Int32Array(count);
    },
    async perturb(_role, _indices, {steps}) {
      works(2 * PACE.forward + 2 * steps * PACE.attack);
      return new Float32Array(12 * count);
    },
    async outerGradient() {
      works(PACE.forward + 2 * PACE.training);
      return {} as Awaited<ReturnType<TimedSession['outerGradient']>>;
    },
  } as TimedSession;
  return {session, counts, now: () => clock * 1000};
}

describe('the pace of a session', () => {
  it('is that of each kind of pass', async () => {
    const {session, now} = clocked();
    const pace = await measurePace(session, images(100), {}, now);
    expect(pace.forward).toBeCloseTo(PACE.forward, 9);
    expect(pace.attack).toBeCloseTo(PACE.attack, 9);
    expect(pace.training).toBeCloseTo(PACE.training, 9);
  });

  it.each([
    ['few images of a slow network', 10, 'cpu', 4],
    ['as many as a CPU takes at a time of a fast one', 1e-6, 'cpu', 64],
    ['more on a GPU', 1e-6, 'cuda:0', 512],
  ])('is measured on %s', async (_what, factor, device, most) => {
    const {session, counts, now} = clocked(factor, device);
    await measurePace(session, images(1000), {}, now);
    expect(Math.max(...counts)).toBe(most);
  });

  it('is measured on no more images than there are', async () => {
    const {session, counts, now} = clocked(1e-6);
    await measurePace(session, images(3), {}, now);
    expect(Math.max(...counts)).toBe(3);
  });

  it('stops where the run is aborted', async () => {
    const {session, now} = clocked();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(measurePace(session, images(9), {signal}, now)).rejects.toThrow('enough');
  });
});
