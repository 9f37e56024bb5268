import {describe, expect, it} from 'vitest';
import {DEFENSE_NAMES} from '../../../lib/defenses/defenses.js';
import {PRESETS, presetOf} from '../../../lib/options/commands/presets.js';
import {parseDefendConfig} from '../../../lib/options/config.js';
import {optionsOfDefense} from '../../../lib/options/tables.js';

const CKPT = {ckpt: 'a.pt'};

describe('a preset', () => {
  it('is a layer of defaults', () => {
    const config = parseDefendConfig({...CKPT, preset: 'quick'});
    expect(config).toMatchObject({rounds: 6, clean: '1000', evalEvery: 3, testLimit: 1000});
    expect(config.precision).toBe('auto');
  });

  it('gives way to options that are given', () => {
    const given = {rounds: 9, clean: '300', precision: 'fp32'};
    const config = parseDefendConfig({...CKPT, preset: 'quick', ...given});
    expect(config).toMatchObject({...given, evalEvery: 3, testLimit: 1000});
  });

  it('changes nothing as "paper", which is the default', () => {
    expect(parseDefendConfig({...CKPT, preset: 'paper'})).toEqual(parseDefendConfig(CKPT));
  });

  it('gives an equal configuration when that is parsed again', () => {
    const config = parseDefendConfig({...CKPT, preset: 'quick', method: 'nc'});
    expect(parseDefendConfig(config)).toEqual(config);
  });

  it.each(DEFENSE_NAMES)('has only options of %s', (method) => {
    const known = Object.keys(optionsOfDefense(method));
    for (const name of Object.keys(PRESETS)) {
      expect(known).toEqual(expect.arrayContaining(Object.keys(presetOf(name, method))));
      expect(() => parseDefendConfig({...CKPT, method, preset: name})).not.toThrow();
    }
  });

  it('is refused where nobody knows it', () => {
    const parse = () => parseDefendConfig({...CKPT, preset: 'fast'});
    expect(parse).toThrow('Expected paper or quick for preset but received "fast"');
  });
});

describe('a time budget', () => {
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['2h', 7200],
    ['1h30m', 5400],
    [45, 45],
    ['45', 45],
  ])('takes %j', (given, seconds) => {
    expect(parseDefendConfig({...CKPT, timeBudget: given}).timeBudget).toBe(seconds);
  });

  it.each(['soon', '0s', '-5m', '30 x', '10m5'])('refuses %j', (timeBudget) => {
    expect(() => parseDefendConfig({...CKPT, timeBudget})).toThrow(
      /^Expected a duration > 0 such as 90s, 30m or 2h for timeBudget/,
    );
  });

  it.each([{timeBudget: '30m'}, {patience: 2}])('is for methods with rounds, as %j', (given) => {
    expect(() => parseDefendConfig({...CKPT, method: 'clp', ...given})).toThrow(
      `Expected a method with rounds for ${Object.keys(given)[0]} but received clp, which has none`,
    );
  });
});
