import {describe, expect, it} from 'vitest';
import {parseAttackConfig, resolveTraining} from '../../../lib/options/config.js';
import {scheduleNote} from '../../../lib/simulation/training.js';

describe('the note on the schedule', () => {
  const noteOf = (options: object, dataset = 'cifar10') => {
    const config = parseAttackConfig({kind: 'badnet', ...options});
    return scheduleNote(config, resolveTraining(config, dataset));
  };

  it('says where the rate of a short training ends, and what would bring it to 0', () => {
    const note = noteOf({epochs: 20});
    expect(note).toContain(
      'that of 100 epochs: after 20 the learning rate is at 90 % of its start',
    );
    expect(note).toContain('a scheduleLength of 20');
  });

  it('is left out where the length is as asked for, or nothing was asked for', () => {
    expect(noteOf({})).toBeNull();
    expect(noteOf({}, 'gtsrb')).toBeNull();
    expect(noteOf({epochs: 100})).toBeNull();
    expect(noteOf({epochs: 20, scheduleLength: 30})).toBeNull();
    expect(noteOf({epochs: 20}, 'my_images')).toBeNull();
    expect(noteOf({epochs: 20, schedule: 'plateau'})).toBeNull();
    expect(noteOf({epochs: 30, recipe: 'fast'})).toBeNull();
  });
});
