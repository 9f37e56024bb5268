import {describe, expect, it} from 'vitest';
import {goneOn} from '../../../lib/sweep/changes.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {stepsOf} from '../../../lib/sweep/steps.js';
import type {SweepFile} from '../../../lib/sweep/sweep_file.js';
import {messageOf} from '../../support/message_of.js';

const file = (
  plan: Readonly<Record<string, unknown>>,
  more: Partial<SweepFile> = {},
): SweepFile => ({
  ...{schemaVersion: 1, name: 'a', base: '..', plan},
  ...{steps: stepsOf(parsePlan(plan), {threads: 1}), ...more},
});
const EARLIER = file({attacks: ['badnet', 'blended'], defenses: ['ft', 'sau']});
const named = ({steps}: SweepFile) =>
  steps.map(({stage, index, labels}) =>
    `${stage}.${index} ${labels.attack} ${labels.defense ?? ''}`.trim(),
  );

describe('a sweep that is gone on with', () => {
  it('is the same with an equal plan, also without being asked to', () => {
    expect(goneOn('dir', EARLIER, file(EARLIER.plan), false)).toEqual(EARLIER);
  });

  it('keeps its steps where they are when the plan has more, and puts new ones after them', () => {
    const more = file({attacks: ['lc', 'badnet', 'blended'], defenses: ['clp', 'ft', 'sau']});
    const went = goneOn('dir', EARLIER, more, true);
    expect(named(went)).toEqual([
      ...['0.0 badnet', '0.1 blended', '0.2 lc'],
      ...['1.0 badnet ft', '1.1 badnet sau', '1.2 blended ft', '1.3 blended sau'],
      ...['1.4 lc clp', '1.5 lc ft', '1.6 lc sau', '1.7 badnet clp', '1.8 blended clp'],
    ]);
    expect(went.steps[0]).toEqual(EARLIER.steps[0]);
    expect(went.plan).toEqual(more.plan);
  });

  it('has no part of what the plan does not have any more', () => {
    const fewer = file({attacks: ['blended'], defenses: ['sau']});
    expect(named(goneOn('dir', EARLIER, fewer, true))).toEqual(['0.0 blended', '1.0 blended sau']);
  });

  it('keeps the folders of its steps, whatever they would be called now', () => {
    const [first] = EARLIER.steps;
    const renamed = {
      ...EARLIER,
      steps: EARLIER.steps.map((step) => (step === first ? {...step, folder: 'attacks/x'} : step)),
    };
    expect(goneOn('dir', renamed, file(EARLIER.plan), true).steps[0]?.folder).toBe('attacks/x');
  });

  it('takes new threads for the steps that are left', () => {
    const now = {...EARLIER, steps: stepsOf(parsePlan(EARLIER.plan), {threads: 4})};
    expect(goneOn('dir', EARLIER, now, false).steps[0]?.options.threads).toBe(4);
  });

  it('is refused with another plan unless it is asked for, with what differs', () => {
    const other = file({attacks: ['badnet'], defenses: ['ft', 'sau'], seeds: [0, 1]});
    const message = messageOf(() => goneOn('dir', EARLIER, other, false));
    expect(message).toContain(
      'the plan of the sweep in dir but received another one, different in attacks, seeds',
    );
    expect(message).toMatch(
      /it has 3 steps more, such as attacks\/badnet\S*, and 3 steps fewer, such as attacks\/blended/,
    );
    expect(message).toContain(
      'Set resume to go on with it, which keeps what is done, or out to another folder.',
    );
  });

  it('is refused from another folder, where its paths would mean other files', () => {
    const moved = file(EARLIER.plan, {base: '../..'});
    const message = messageOf(() => goneOn('/a/b/dir', EARLIER, moved, true));
    expect(message).toContain(
      'Expected the working folder /a/b, where the paths of the sweep in /a/b/dir begin, but received /a.',
    );
  });
});
