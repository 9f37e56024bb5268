import {describe, expect, it} from 'vitest';
import {type MeasuringPace, NO_MEASURING, RoundPace} from '../../../lib/session/pace.js';

/** A pace on a clock that the test sets forward, in seconds. */
function pacedRounds(measuring = NO_MEASURING, pace: MeasuringPace = {secondsPerImage: null}) {
  let clock = 0;
  const rounds = new RoundPace(measuring, pace, () => clock * 1000);
  const passes = (seconds: number): void => {
    clock += seconds;
  };
  return {rounds, pace, passes};
}

describe('the time left of a job of rounds', () => {
  it('is not known before the first batch', () => {
    expect(pacedRounds().rounds.secondsLeft).toBeNull();
  });

  it('is that of the batches that are left, at the pace of those so far', () => {
    const {rounds, passes} = pacedRounds();
    passes(2);
    rounds.batch({round: 0, rounds: 3, batch: 1, batches: 4});
    expect(rounds.secondsLeft).toBe(2 * 11);
    passes(4);
    rounds.batch({round: 0, rounds: 3, batch: 2, batches: 4});
    expect(rounds.secondsLeft).toBe(3 * 10);
  });

  it('counts the rounds that an earlier part of the job has done as done', () => {
    const {rounds, passes} = pacedRounds();
    passes(1);
    rounds.batch({round: 8, rounds: 10, batch: 1, batches: 2});
    expect(rounds.secondsLeft).toBe(3);
  });

  it('includes a measurement in every n-th round and in the last, at the pace of one before', () => {
    const measuring = {every: 2, images: 100, roundImages: 1000};
    const {rounds, passes} = pacedRounds(measuring, {secondsPerImage: 0.1});
    passes(1);
    rounds.batch({round: 0, rounds: 5, batch: 1, batches: 1});
    // Four rounds of 1 s; 10 s in the rounds 2, 4 and 5.
    expect(rounds.secondsLeft).toBeCloseTo(4 + 30, 9);
    rounds.round();
    passes(1);
    rounds.batch({round: 1, rounds: 5, batch: 1, batches: 1});
    passes(2);
    rounds.measured(40);
    // Measuring has become faster: 0.05 s an image, of which 60 are left in this round.
    expect(rounds.secondsLeft).toBeCloseTo(3 + 0.05 * (60 + 200), 9);
    passes(3);
    rounds.measured(100);
    rounds.round();
    expect(rounds.secondsLeft).toBeCloseTo(3 + 10, 9);
  });

  it('takes a measured image for a third of a trained one until some were measured', () => {
    const {rounds, passes} = pacedRounds({every: 1, images: 300, roundImages: 100});
    passes(5);
    rounds.batch({round: 0, rounds: 1, batch: 1, batches: 2});
    // A round of 100 images takes 10 s.
    expect(rounds.secondsLeft).toBeCloseTo(5 + (300 * 0.1) / 3, 9);
  });

  it('adds up the measurements of one round', () => {
    const {rounds, pace, passes} = pacedRounds({every: 1, images: 30, roundImages: 10});
    passes(1);
    rounds.batch({round: 0, rounds: 1, batch: 1, batches: 1});
    passes(2);
    rounds.measured(20);
    passes(1);
    rounds.measured(5); // those of another set
    expect(pace.secondsPerImage).toBeCloseTo(3 / 25, 9);
    expect(rounds.secondsLeft).toBeCloseTo((5 * 3) / 25, 9);
  });

  it('hands the pace of measuring on to the next job', () => {
    const first = pacedRounds();
    first.passes(4);
    first.rounds.measured(8);
    expect(first.pace).toEqual({secondsPerImage: 0.5});
  });
});
