import {expect, it} from 'vitest';
import type {NativeProgress} from '../../../lib/native/run_contract.js';
import type {Progress} from '../../../lib/run/progress.js';
import {progressRelay} from '../../../lib/session/jobs.js';
import {NO_MEASURING, RoundPace} from '../../../lib/session/pace.js';

it('what the core has to say to the user arrives as a note, among the batches', () => {
  const sent: Progress[] = [];
  const pace = new RoundPace(NO_MEASURING, {secondsPerImage: null});
  const relay = progressRelay(
    (progress) => sent.push(progress),
    () => pace,
  );
  const events: NativeProgress[] = [
    {kind: 'batch', round: 0, rounds: 1, batch: 1, batches: 2},
    {kind: 'note', message: 'a batch cannot be recorded'},
  ];
  events.forEach(relay);
  expect(sent.map(({kind}) => kind)).toEqual(['batch', 'note']);
  expect(sent[1]).toEqual({kind: 'note', message: 'a batch cannot be recorded'});
});
