import {describe, expect, it} from 'vitest';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import type {Metrics} from '../../../lib/run/metrics.js';
import {asrOfClean, doubtAbout, purificationVerdict, wilson} from '../../../lib/run/verdict.js';
import {targetsOf} from '../../../lib/target/test_sets.js';

/** Measurements on 1000 clean images and, where ASR is known, as many poisoned ones. */
function measured(
  acc: number | null,
  asr: number | null,
  ra: number | null,
  poisonedCount = asr === null ? 0 : 1000,
): Metrics {
  const losses = {cleanLoss: null, poisonedLoss: null, raLoss: null};
  return {acc, asr, ra, ...losses, cleanCount: acc === null ? 0 : 1000, poisonedCount};
}

function judge(before: Metrics, after: Metrics, numClasses = 10, targets = 1) {
  return purificationVerdict({before, after, numClasses, targets});
}

const BACKDOORED = measured(0.858, 0.958, 0.038);

describe('what a verdict says of a backdoor', () => {
  it('is gone where the trigger leads to its class no more often than in a clean model', () => {
    const {state, because, words, figures} = judge(BACKDOORED, measured(0.82, 0.007, 0.83));
    expect([state, because]).toEqual(['gone', null]);
    expect(words).toBe(
      'The backdoor is gone: the trigger leads 0.7 % of the images to its class, before 95.8 %; ' +
        'a model without a backdoor has up to 5.0 %. The accuracy fell from 85.8 % to 82.0 %, by 3.8 points.',
    );
    expect(figures).toMatchObject({
      asrBefore: 0.958,
      asrAfter: 0.007,
      accBefore: 0.858,
      raAfter: 0.83,
    });
    expect(figures.accDrop).toBeCloseTo(0.038, 12);
    expect(figures.asrOfClean).toBe(0.05);
  });

  it('is weakened where the trigger leads to its class less than half as often as before', () => {
    const {state, words} = judge(BACKDOORED, measured(0.86, 0.4, 0.5));
    expect(state).toBe('weakened');
    expect(words).toContain('weakened, but not gone: the trigger leads 40.0 % of the images');
    expect(words).toContain('rose from 85.8 % to 86.0 %');
  });

  it('is weakened where the trigger leads elsewhere than to its class', () => {
    const {state, words} = judge(BACKDOORED, measured(0.85, 0.01, 0.2));
    expect(state).toBe('weakened');
    expect(words).toContain('with it only 20.0 % of the images are recognized, and 85.0 % without');
  });

  it.each([1, 0.99, 0.51])(
    'is active where the trigger leads %d of the images to its class',
    (asr) => {
      const {state, words} = judge(BACKDOORED, measured(0.858, asr, 0));
      expect(state).toBe('active');
      expect(words).toContain(`still active: the trigger leads ${(100 * asr).toFixed(1)} %`);
      expect(words).toContain('The accuracy stayed at 85.8 %.');
    },
  );

  it('is active where a weak attack is as strong as before', () => {
    expect(judge(measured(0.9, 0.2, 0.7), measured(0.9, 0.19, 0.7)).state).toBe('active');
  });

  it('never worked where the trigger led to its class no more often than in a clean model', () => {
    const {state, words} = judge(measured(0.9, 0.02, 0.85), measured(0.88, 0.01, 0.84));
    expect(state).toBe('never-worked');
    expect(words).toContain('The attack had not worked: before the defense the trigger led 2.0 %');
    expect(words).toContain('cannot be seen here (1.0 % after it)');
  });

  it('is unknown without poisoned images, and the cost is told', () => {
    const {state, because, words} = judge(measured(0.9, null, null), measured(0.88, null, null));
    expect([state, because]).toEqual(['unknown', 'no-poisoned-images']);
    expect(words).toContain('neither whether there was one nor whether it is gone');
    expect(words).toContain('by 2.0 points');
  });

  it('is unknown where an interrupted run was not measured again', () => {
    const {state, because, words} = judge(BACKDOORED, measured(null, null, null, 1000));
    expect([state, because]).toEqual(['unknown', 'not-measured']);
    expect(words).toContain('the run was interrupted');
    expect(words).not.toContain('accuracy');
  });
});

describe('what a low ASR does not say', () => {
  it('is unknown where the model predicts one class for everything', () => {
    const {state, because, words} = judge(BACKDOORED, measured(0.1, 0, 0.11));
    expect([state, because]).toEqual(['unknown', 'broken-model']);
    expect(words).toContain('predicts one class for everything');
    expect(words).toContain('The model itself is broken: it recognizes 10.0 % of the clean images');
  });

  it('is unknown where the model before predicted the target for everything', () => {
    const {because, words} = judge(measured(0.1, 1, 0), measured(0.1, 1, 0));
    expect(because).toBe('untrained-model');
    expect(words).toContain(
      'before the defense recognizes 10.0 % of the clean images, hardly more',
    );
  });

  it('is unknown likewise where only poisoned images were measured', () => {
    const {because, words} = judge(measured(null, 1, 0), measured(null, 0, 0.11));
    expect(because).toBe('broken-model');
    expect(words).toContain('recognizes 11.0 % of the poisoned images');
    expect(judge(measured(null, 1, 0), measured(null, 0, 0.8)).state).toBe('gone');
  });

  it('is active where a broken model predicts the target for everything', () => {
    const {state, words} = judge(BACKDOORED, measured(0.1, 1, 0));
    expect(state).toBe('active');
    expect(words).toContain('The model itself is broken');
  });

  it('is unknown on so few images that the backdoor may be gone as well as active', () => {
    const {state, because, words} = judge(measured(0.9, 1, 0, 4), measured(0.9, 0.25, 0.75, 4));
    expect([state, because]).toEqual(['unknown', 'few-images']);
    expect(words).toContain('of 4 poisoned images 25.0 % were led to its class');
    expect(words).toContain('from 4.6 % to 69.9 %');
  });

  it('tells the statistical error where few images say that the backdoor is gone', () => {
    const {state, words} = judge(measured(0.9, 1, 0, 50), measured(0.9, 0, 0.9, 50));
    expect(state).toBe('gone');
    expect(words).toContain('With 50 poisoned images ASR may be from 0.0 % to 7.1 %.');
  });
});

describe('an attack that leads each class to another one', () => {
  it('is known by the labels of its poisoned images', () => {
    const poisonedTest = (labels: number[]) => ({labels: Int32Array.from(labels)}) as ImageSet;
    expect(targetsOf({cleanTest: null, poisonedTest: poisonedTest([3, 3, 3])})).toBe(1);
    expect(targetsOf({cleanTest: null, poisonedTest: poisonedTest([1, 2, 3, 1])})).toBe(3);
    expect(targetsOf({cleanTest: null, poisonedTest: null})).toBe(0);
  });

  it('is judged by what reaches its own class, and this is said', () => {
    const {state, words, figures} = judge(BACKDOORED, measured(0.85, 0.9, 0.08), 10, 10);
    expect(state).toBe('active');
    expect(figures.targets).toBe(10);
    expect(words).toContain("leads 90.0 % of the images to their classes' targets");
    expect(words).toContain('ASR counts what reaches its own class');
  });
});

describe('the ASR of a model without a backdoor', () => {
  it('is twice what its errors come to if they spread evenly, from 5 % to one half', () => {
    expect(asrOfClean(0.95, 10)).toBe(0.05);
    expect(asrOfClean(0.1, 10)).toBeCloseTo(0.2, 12);
    expect(asrOfClean(0.9, 2)).toBeCloseTo(0.2, 12);
    expect(asrOfClean(0.5, 2)).toBe(0.5);
    expect(asrOfClean(null, 10)).toBe(0.05);
  });

  it.each<[Metrics, string | null]>([
    [BACKDOORED, null],
    [measured(0.9, null, null), null],
    [measured(0.1, null, null), null],
    [measured(0.9, 0, 1, 1), null],
    [measured(null, 1, 0), null],
    [measured(0.9, 0.04, 0.8), 'the attack does not work on this model'],
    [measured(0.18, 1, 0), 'the model recognizes hardly more than one that guesses'],
  ])('tells before a defense what it cannot show (case %#)', (before, words) => {
    if (words === null) expect(doubtAbout(before, 10)).toBeNull();
    else expect(doubtAbout(before, 10)).toContain(words);
  });
});

describe('the interval of a share', () => {
  // The formula in Python's floats.
  it.each([
    [0, 10, 0, 0.2775328],
    [1, 10, 0.7224672, 1],
    [0.5, 100, 0.4038315, 0.5961685],
    [0.05, 1000, 0.0381307, 0.0653114],
  ])('of %d in %d images is from %d to %d', (share, count, low, high) => {
    const interval = wilson(share, count);
    expect(interval[0]).toBeCloseTo(low, 5);
    expect(interval[1]).toBeCloseTo(high, 5);
  });

  it('is everything without images', () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
  });
});
