import {describe, expect, it} from 'vitest';
import {DEFENSE_NAMES} from '../../../lib/defenses/defenses.js';
import {parseDefendConfig} from '../../../lib/options/config.js';
import {alternativesTo, limitFor, sizeOfDefense} from '../../../lib/time/defense_size.js';
import {secondsOfRun} from '../../../lib/time/estimate.js';

const PACE = {forward: 0.01, attack: 0.03, training: 0.05};
const SCENE = {
  ...{datasetName: 'cifar10', numClasses: 10, values: 3072, images: 2500},
  tests: Int32Array.from({length: 19_000}, (_, i) => Math.floor((i * 10) / 19)),
};

function sizeOf(options: Record<string, unknown>, images = SCENE.images) {
  const config = parseDefendConfig({ckpt: 'a.pt', ...options});
  return sizeOfDefense(config, {...SCENE, images});
}

describe('the work of a method', () => {
  // What passes a run of each was counted to have (defenses-spec): F and B of an image.
  it.each([
    ['ft', {rounds: 100}, 100],
    ['ftsam', {rounds: 100}, 200],
    ['nad', {rounds: 10}, 20],
  ] as const)('of %s is its backward passes by the weights', (method, options, training) => {
    const {rounds, work} = sizeOf({method, ...options});
    expect((work.once?.training ?? 0) + rounds * (work.round?.training ?? 0)).toBe(training);
  });

  it('of sau is about twelve backward passes a round, one less where the start is kept', () => {
    const backward = (rounds: number) => {
      const {round, once} = sizeOf({rounds}, 500).work;
      return [(round?.attack ?? 0) + (round?.training ?? 0), once?.attack ?? 0];
    };
    expect(backward(5)[0]).toBeGreaterThan(10);
    expect(backward(5)[0]).toBeLessThan(12);
    expect(backward(5)[1]).toBe(0);
    expect(backward(100)[0]).toBeCloseTo((backward(5)[0] ?? 0) - 1, 9);
    expect(backward(100)[1]).toBe(10);
  });

  it('of anp does not depend on the number of clean images', () => {
    const {work} = sizeOf({method: 'anp'});
    expect(work.fixed?.training).toBe(2000 * 256 * 3);
    expect(work.alsoMeasured).toBe(19);
  });

  it.each(DEFENSE_NAMES)('of %s takes less time with the quick preset', (method) => {
    const usual = secondsOfRun(sizeOf({method}), PACE);
    const config = parseDefendConfig({ckpt: 'a.pt', method});
    const quick = alternativesTo(config, SCENE, false).at(-1);
    expect(quick?.options).toEqual({preset: 'quick'});
    const size = quick?.size ?? null;
    expect(size === null ? Number.NaN : secondsOfRun(size, PACE)).toBeLessThan(usual);
  });
});

it('names bf16 where the CPU is faster with it', () => {
  const config = parseDefendConfig({ckpt: 'a.pt'});
  const named = (has: boolean) =>
    alternativesTo(config, SCENE, has).flatMap(({options}) => Object.keys(options));
  expect(named(true)).toContain('precision');
  expect(named(false)).not.toContain('precision');
});

it('finds the limit with which no more than so many images are measured', () => {
  const tests = Int32Array.of(0, 0, 1, 1, 2, 3, 3);
  expect(limitFor(tests, 7)).toBeNull();
  expect(limitFor(tests, 5)).toBe(3);
  expect(limitFor(tests, 3)).toBe(1);
});
