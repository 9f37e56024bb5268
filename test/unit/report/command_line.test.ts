import {describe, expect, it} from 'vitest';
import {parseAttackConfig, parseDefendConfig} from '../../../lib/options/config.js';
import {commandLine} from '../../../lib/report/command_line.js';
import {runSummary} from '../../support/run_summaries.js';
import {metrics} from '../../support/sample_rounds.js';

const AFTER = metrics(0.9, 0.1, 0.8);

function lineOf(options: object): string {
  const config = parseDefendConfig(options);
  const {method, seed} = config;
  return commandLine(runSummary(AFTER, {method, seed, options: {...config}}));
}

describe('the command line of a run', () => {
  it('has the options that are not at their defaults', () => {
    const options = {ckpt: 'record/demo', method: 'ft', rounds: 3, deterministic: true, seed: 7};
    expect(lineOf(options)).toBe(
      'sau-native defend --method ft --ckpt record/demo --deterministic on \\\n    --rounds 3 --seed 7',
    );
  });

  it('writes lists, switches and numbers as the flags take them', () => {
    const line = lineOf({
      ...{ckpt: 'm.pt', mean: [0.5, 0.25, 0.5], std: [0.2, 0.2, 0.2], keepDtype: true},
      ...{normBound: 0.1, trainMode: true},
    });
    expect(line).toMatch(/--mean 0.5,0.25,0.5[ \\\n]+--std 0.2,0.2,0.2/);
    expect(line).toMatch(/--keep-dtype(?! on)/);
    expect(line).toContain('--norm-bound 0.1');
  });

  it('quotes for a shell what is not plain', () => {
    expect(lineOf({ckpt: "my model's; rm -rf $HOME.pt"})).toContain(
      `--ckpt 'my model'\\''s; rm -rf $HOME.pt'`,
    );
  });

  it('leaves out where the results went', () => {
    const line = lineOf({ckpt: 'm.pt', out: 'here', force: true, report: true});
    expect(line).not.toMatch(/--out|--force|--report/);
  });

  it('is that of an attack too', () => {
    const options = parseAttackConfig({kind: 'badnet', data: 'data', epochs: 2, poisonRate: 0.2});
    const line = commandLine(
      runSummary(AFTER, {kind: 'attack', method: 'badnet', options: {...options}}),
    );
    expect(line).toMatch(/^sau-native attack badnet .*--data data/);
    expect(line).toContain('--poison-rate 0.2');
  });
});
