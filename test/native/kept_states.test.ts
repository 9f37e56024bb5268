import {describe, expect, it} from 'vitest';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import {firstImages} from '../../lib/datasets/image_set.js';
import type {NativeDefendOptions} from '../../lib/native/run_contract.js';
import {bytesOf, imageSetOf, tensorsOf} from '../support/oracle.js';
import {IS_BUILT} from '../support/paths.js';
import {roundsSession, sauOptions, UNLEARN} from '../support/sessions.js';

const {optimizer} = UNLEARN;
const SAU = sauOptions({...UNLEARN, rounds: 3, saveEvery: 1});
/** Every round after the first is still: the run ends after the third. */
const STILL = sauOptions({
  ...{...UNLEARN, rounds: 6, batchSize: 14, saveEvery: 1, patience: 2},
  optimizer: {...optimizer, learningRate: 1e-9},
});

/** A defense, from a state where one is given, with the states after each of its rounds. */
async function defended(options: NativeDefendOptions, state: StateDict = new Map()) {
  using session = await roundsSession();
  const heldOut = await firstImages(imageSetOf(await tensorsOf('rounds.pt')), 5);
  await session.setImages('heldOut', heldOut);
  const states: StateDict[] = [];
  session.requestState();
  const reports = await session.defend(
    options,
    {},
    {
      state,
      onState: (left) => {
        states.push(left);
        session.requestState();
      },
    },
  );
  const {passes, stopped} = session;
  const told = reports.map((report) => ({...report, seconds: 0}));
  return {states, told, passes, stopped, weights: bytesOf(await session.exportStateDict())};
}

describe.skipIf(!IS_BUILT)('the states of a defense', () => {
  it.each([
    ['which does all its rounds', SAU],
    ['which ends before its last round', STILL],
  ])('go on in another session to the result of a whole one, %s', async (_, options) => {
    const whole = await defended(options);
    expect(whole.states.length).toBeGreaterThan(0);
    for (const state of whole.states) {
      const {told, states: _later, ...rest} = await defended(options, state);
      const {told: all, states: _states, ...expected} = whole;
      expect(rest).toEqual(expected);
      expect(told).toEqual(told.length === 0 ? [] : all.slice(-told.length));
      expect(told.length).toBeLessThan(all.length);
    }
  });

  it('are told only where they are asked for', async () => {
    const {states} = await defended({...SAU, saveEvery: 0});
    expect(states).toEqual([]);
  });

  it('are refused where something is missing, or is of another form', async () => {
    const {states} = await defended(SAU);
    const [state] = states;
    if (state === undefined) throw new Error('expected a state');
    const [name = ''] = [...state.keys()].filter((key) => key.startsWith('defense.'));
    for (const gone of [name, 'phase', 'generator', 'stop.still']) {
      const part = new Map([...state].filter(([key]) => key !== gone));
      await expect(defended(SAU, part), gone).rejects.toMatchObject({code: 'ERR_CHECKPOINT'});
    }
    const phase = state.get('phase');
    if (phase === undefined) throw new Error('expected a phase');
    const late = {...phase, data: new Uint8Array(new BigInt64Array([5n]).buffer)};
    await expect(defended(SAU, new Map([...state, ['phase', late]]))).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
    });
    const short = {...phase, shape: [2], data: new Uint8Array(16)};
    await expect(defended(SAU, new Map([...state, ['done', short]]))).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
    });
  });
});
