import {execFileSync} from 'node:child_process';
import {describe, expect, it} from 'vitest';
import {IS_BUILT} from '../support/paths.js';

/** In a process of its own: resolution must be Node's, not the test runner's. */
function node(script: string): string {
  return execFileSync(process.execPath, ['-e', script], {encoding: 'utf8', cwd: __dirname}).trim();
}

describe.skipIf(!IS_BUILT)('the package', () => {
  it('gives the same functions to require and to import', () => {
    const script = `
      const required = require('sau-native');
      import('sau-native').then((imported) => {
        const names = Object.keys(required).sort();
        const same = names.every((name) => required[name] === imported[name]);
        console.log(JSON.stringify({names, same}));
      });`;
    expect(JSON.parse(node(script))).toEqual({
      names: [
        'DEFAULTS',
        'ERROR_CODES',
        'SauError',
        'Session',
        'attack',
        'compare',
        'createSession',
        'defend',
        'defenseEffectivenessRating',
        'demo',
        'deviceInfo',
        'doctor',
        'evaluate',
        'fetchDataset',
        'inspect',
        'inspectDataset',
        'models',
        'purificationVerdict',
        'readCheckpoint',
        'readComparison',
        'readProgram',
        'readRun',
        'removeSetup',
        'report',
        'scan',
        'setup',
        'sweep',
        'sweepReport',
        'sweepStatus',
        'writeCheckpoint',
      ],
      same: true,
    });
  });

  it('loads no native code until it is asked for a device', () => {
    const script = `
      require('sau-native');
      const loaded = process.report.getReport().sharedObjects;
      console.log(loaded.filter((path) => /torch|sau_/.test(path)).length);`;
    expect(node(script)).toBe('0');
  });
});
