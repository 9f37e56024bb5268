import {describe, expect, it} from 'vitest';
import {firstImages} from '../../lib/datasets/image_set.js';
import {measurePace} from '../../lib/time/measure_pace.js';
import {bytesOf, imageSetOf, tensorsOf} from '../support/oracle.js';
import {IS_BUILT} from '../support/paths.js';
import {roundsSession, sauOptions, UNLEARN, type Unlearning} from '../support/sessions.js';

const {optimizer} = UNLEARN;
/** So small steps that no round changes anything; all images in one batch. */
const STILL: Unlearning = {
  ...UNLEARN,
  ...{rounds: 6, batchSize: 14, optimizer: {...optimizer, learningRate: 1e-9}},
};

async function heldOut() {
  return firstImages(imageSetOf(await tensorsOf('rounds.pt')), 5);
}

async function after(options: Unlearning) {
  using session = await roundsSession();
  await session.setImages('heldOut', await heldOut());
  const reports = await session.defend(sauOptions(options));
  const {stopped} = session;
  return {reports, stopped, weights: bytesOf(await session.exportStateDict())};
}

describe.skipIf(!IS_BUILT)('rounds that may end before the last', () => {
  it('end after as many still rounds as the patience allows, as a run of fewer rounds', async () => {
    const {reports, stopped, weights} = await after({...STILL, patience: 2});
    expect(reports).toHaveLength(3); // the first one has nothing to be compared with
    expect(stopped).toBe('patience');
    expect(reports.map(({figures}) => figures.heldOutAcc)).toEqual(
      reports.map(() => expect.any(Number)),
    );
    expect(weights).toEqual((await after({...STILL, rounds: 3})).weights);
  });

  it('go on while the shared risk changes', async () => {
    const optimizing = {...optimizer, learningRate: 0.01};
    const moving = {...STILL, rounds: 3, patience: 1, optimizer: optimizing};
    const {reports, stopped} = await after(moving);
    const [first, second] = reports.map(({figures}) => figures.sharedLoss ?? 0);
    expect(Math.abs((second ?? 0) - (first ?? 0))).toBeGreaterThan(0.05 * (first ?? 0));
    expect(reports).toHaveLength(3);
    expect(stopped).toBeNull();
  });

  it('are not told to have ended early where the last was done', async () => {
    const {reports, stopped} = await after({...STILL, rounds: 3, patience: 2});
    expect(reports).toHaveLength(3);
    expect(stopped).toBeNull();
  });

  it('end after the first where there is no time for a second', async () => {
    const {reports, stopped} = await after({...STILL, seconds: 1e-9});
    expect(reports).toHaveLength(1);
    expect(stopped).toBe('timeBudget');
    expect(reports[0]?.figures).not.toHaveProperty('heldOutAcc');
  });

  it('have no patience without images that are held out', async () => {
    using session = await roundsSession();
    await expect(session.defend(sauOptions({...STILL, patience: 1}))).rejects.toMatchObject({
      code: 'ERR_DATASET',
    });
  });
});

describe.skipIf(!IS_BUILT)('timing some images', () => {
  it('leaves no trace in what a session computes', async () => {
    const images = imageSetOf(await tensorsOf('rounds.pt'));
    const run = async (isTimed: boolean) => {
      using session = await roundsSession();
      if (isTimed) {
        const pace = await measurePace(session, images, {});
        expect(Math.min(...Object.values(pace))).toBeGreaterThan(0);
      }
      const drawn = {...UNLEARN, pgd: {...UNLEARN.pgd, init: 'random'}} as const;
      const reports = await session.defend(sauOptions(drawn));
      const weights = bytesOf(await session.exportStateDict());
      return {weights, passes: session.passes, figures: reports.map(({figures}) => figures)};
    };
    expect(await run(true)).toEqual(await run(false));
  });
});
