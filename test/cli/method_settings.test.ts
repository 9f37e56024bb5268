import {describe, expect, it} from 'vitest';
import {withSettings} from '../../bin/method_settings.js';
import {messageOf} from '../support/message_of.js';

describe('the options of methods', () => {
  it('go where the library has them: those beside the others are for all methods that have them', () => {
    expect(withSettings({ckpt: 'm.pt', rounds: '3', clean: '5pct'})).toEqual({
      options: {ckpt: 'm.pt', clean: '5pct', set: {every: {rounds: '3'}}},
      notes: [],
    });
  });

  it('leave options without them as they are', () => {
    expect(withSettings({ckpt: 'm.pt'})).toEqual({options: {ckpt: 'm.pt'}, notes: []});
  });

  it('of one method are a section with its name, in our words or those of the official tool', () => {
    const {options, notes} = withSettings({ft: {learningRate: 0.02, batch_size: 8, lrr: 1}});
    expect(options).toEqual({set: {ft: {learningRate: 0.02, batchSize: 8}}});
    expect(notes).toEqual([expect.stringMatching(/^ft: lrr is not an option .*ignored$/)]);
  });

  it('are assigned one by one, over sections and over the others', () => {
    const assigned = ['ft.learning-rate=0.03', 'sau.stepSize=.1', 'rounds=9', 'ft.schedule=a=b'];
    expect(
      withSettings({rounds: 1, ft: {learningRate: 0.02, rounds: 2}}, assigned).options,
    ).toEqual({
      set: {
        every: {rounds: '9'},
        ft: {learningRate: '0.03', rounds: 2, schedule: 'a=b'},
        sau: {stepSize: '.1'},
      },
    });
  });

  it.each(['rounds', '=3', 'ft.=3', 'a b=3', ''])('are refused for %j', (text) => {
    expect(messageOf(() => withSettings({}, [text]))).toContain(
      `Expected <method>.<option>=<value> or <option>=<value> for --set but received ${JSON.stringify(text)}`,
    );
  });

  it('keep what is no section, for the library to refuse', () => {
    expect(withSettings({ft: 3}).options).toEqual({set: {ft: 3}});
  });
});
