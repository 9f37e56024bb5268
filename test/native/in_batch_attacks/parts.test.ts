import {describe, expect, it} from 'vitest';
import type {NativeTrainingAttack} from '../../../lib/native/attack_contract.js';
import type {Session} from '../../../lib/session/session.js';
import {errorOf} from '../../support/error_of.js';
import {bytesOf} from '../../support/oracle.js';
import {BPP, INPUT_AWARE, openSession, TRAIN, WANET} from '../../support/training_attacks.js';

describe('a training under an attack, in parts', () => {
  const LONG = {...TRAIN, epochs: 4, evalEvery: 1} as const;
  const PARTS: readonly [string, NativeTrainingAttack][] = [
    ['wanet', WANET],
    ['inputaware', {...INPUT_AWARE, maskEpochs: 2}],
    ['bpp', BPP],
  ];

  /** Weights, state and the sets of the record in the end. */
  async function resultOf(session: Session) {
    return {
      weights: bytesOf(await session.exportStateDict()),
      state: bytesOf(await session.exportTraining()),
      train: await session.poisonImages('train'),
      test: await session.poisonImages('poisonedTest'),
      cross: await session.poisonImages('crossTest'),
    };
  }

  /** A session that goes on from what another has left. */
  async function continued(from: Session): Promise<Session> {
    const session = await openSession({seed: 9});
    await session.loadStateDict(await from.exportStateDict(), 'trainee');
    await session.loadTraining(await from.exportTraining());
    return session;
  }

  it.each(PARTS)('goes on in other sessions with the same bits: %s', async (_, attack) => {
    using whole = await openSession();
    const expected = await whole.trainAttack(LONG, attack);
    const train = (session: Session, firstEpoch: number) =>
      session.trainAttack(LONG, attack, {}, {firstEpoch, stopEpoch: firstEpoch + 1});
    using first = await openSession();
    const reports = [...(await train(first, 0))];
    using second = await continued(first);
    reports.push(...(await train(second, 1)), ...(await train(second, 2)));
    using third = await continued(second);
    reports.push(...(await train(third, 3)));
    const untimed = (all: typeof expected) => all.map((report) => ({...report, seconds: 0}));
    expect(untimed(reports)).toEqual(untimed(expected));
    expect(await resultOf(third)).toEqual(await resultOf(whole));
  });

  it('is not one without an attack, nor one under another', async () => {
    using plain = await openSession();
    await plain.train({...TRAIN, epochs: 2}, {}, {firstEpoch: 0, stopEpoch: 1});
    using session = await continued(plain);
    const later = {firstEpoch: 1, stopEpoch: 2};
    await errorOf(session.trainAttack({...TRAIN, epochs: 2}, WANET, {}, later), 'ERR_CHECKPOINT');
  });
});
