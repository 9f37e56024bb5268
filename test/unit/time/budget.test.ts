import {describe, expect, it} from 'vitest';
import {type Fit, fitInto} from '../../../lib/time/budget.js';
import {type RunSize, secondsOfRun} from '../../../lib/time/estimate.js';
import {secondsForRounds} from '../../../lib/time/time_left.js';

const PACE = {forward: 0.01, attack: 0.03, training: 0.05};
const ASKED = {rounds: 100, images: 2500, tests: 19_000, evalEvery: 1, leastImages: 50};

function sizeOf({rounds, images, tests, evalEvery}: Fit): RunSize {
  const work = {round: {attack: 9, training: 2}};
  return {rounds, unit: 'rounds', images, tests, evalEvery, measuresBefore: true, work};
}

function fitted(seconds: number, asked = ASKED): Fit {
  const fit = fitInto(seconds, asked, sizeOf, PACE);
  if (fit === null) throw new Error('Nothing fits');
  return fit;
}

describe('what fits into a time budget', () => {
  it('is all where there is time for it', () => {
    const {leastImages, ...all} = ASKED;
    expect(leastImages).toBe(50);
    expect(fitted(1e6)).toEqual(all);
  });

  it.each([60, 600, 1800, 7200, 86_400])(
    'takes no more than %d seconds, and most of the time that is planned',
    (seconds) => {
      const fit = fitted(seconds);
      const planned = secondsOfRun(sizeOf(fit), PACE);
      expect(planned).toBeLessThanOrEqual(0.75 * seconds);
      expect(planned).toBeGreaterThan(0.4 * seconds);
    },
  );

  it('is never more than was asked for', () => {
    const asked = {rounds: 3, images: 300, tests: 100, evalEvery: 2, leastImages: 50};
    const fit = fitted(100, asked);
    expect(fit.rounds).toBeLessThanOrEqual(3);
    expect(fit.images).toBeLessThanOrEqual(300);
    expect(fit.tests).toBeLessThanOrEqual(100);
    expect(fit.evalEvery).toBeGreaterThanOrEqual(2);
  });

  it('has fewer rounds and fewer images, about as the quick preset has them', () => {
    const {rounds, images} = fitted(7200);
    expect(rounds).toBeLessThan(100);
    expect(images).toBeLessThan(2500);
    expect(images / rounds).toBeGreaterThan(100);
    expect(images / rounds).toBeLessThan(300);
  });

  it('keeps images that cannot be chosen', () => {
    const fit = fitted(7200, {...ASKED, leastImages: 2500});
    expect(fit.images).toBe(2500);
    expect(fit.rounds).toBeLessThan(10);
  });

  it('is nothing where a single round is too much', () => {
    expect(fitInto(5, ASKED, sizeOf, PACE)).toBeNull();
    expect(fitInto(100, {...ASKED, leastImages: 2500}, sizeOf, PACE)).toBeNull();
  });
});

describe('the time of the rounds', () => {
  it('ends so early that a last measurement and the files have time', () => {
    const now = 50_000;
    const measuring = {evalEvery: 3, measuringSeconds: 8};
    expect(secondsForRounds(150_000, measuring, now)).toBe(100 - 8 - 2);
    expect(secondsForRounds(150_000, {...measuring, evalEvery: 1}, now)).toBe(100 - 2);
  });

  it('is not endless where the budget is spent already', () => {
    expect(secondsForRounds(10, {evalEvery: 1, measuringSeconds: 1}, 50_000)).toBe(1);
  });

  it('is any without a budget', () => {
    expect(secondsForRounds(null, {evalEvery: 1, measuringSeconds: 1}, 50_000)).toBe(0);
  });
});
