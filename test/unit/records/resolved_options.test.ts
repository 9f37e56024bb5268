import {expect, it} from 'vitest';
import {DEFENSE_NAMES, type DefenseName} from '../../../lib/defenses/defenses.js';
import {parseDefendConfig, resolveRounds} from '../../../lib/options/config.js';
import type {DefendConfig} from '../../../lib/options/types.js';
import {resolvedOptions} from '../../../lib/records/defense_result.js';
import type {Target} from '../../../lib/target/target.js';

const TARGET = {
  ...{transformOptions: {resize: null, crop: null, interpolation: 'bilinear'}, numClasses: 10},
  ...{model: 'resnet18', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]},
};
const SQUARE = {height: 32, width: 32};

function resolved(given: object, more: object = {}) {
  const config: DefendConfig = parseDefendConfig({ckpt: 'a.pt', ...given});
  const rounds = resolveRounds(config, 'cifar10');
  const run = {...config, rounds, device: 'cuda:0', precision: 'fp32' as const};
  const target = {...TARGET, size: SQUARE, ...more} as unknown as Target;
  return JSON.parse(JSON.stringify(resolvedOptions(run, target)));
}

it.each(DEFENSE_NAMES)(
  'the options of run.json of %s are taken again, and are the same then',
  (method: DefenseName) => {
    const options = resolved({method});
    const again = parseDefendConfig(options);
    expect({...again}).toMatchObject(options);
  },
);

it('the options of run.json have the network of a program once, and one size for both sides', () => {
  const options = resolved({method: 'ft', program: 'net.pt2'}, {size: {height: 32, width: 48}});
  expect(parseDefendConfig(options)).toMatchObject({
    program: 'net.pt2',
    model: null,
    imageSize: null,
  });
});
