import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {
  DEFENSE,
  defenseCsv,
  defenseFiles,
  defenseFolder,
  RECORD,
  RUN,
  recordAbove,
} from '../../../lib/records/layout.js';
import {ROOT} from '../../support/paths.js';

describe('the layout of records and runs', () => {
  it('is the only module with the names of their files', () => {
    const lib = join(ROOT, 'lib');
    const names = [RECORD, DEFENSE, RUN].flatMap((names) => Object.values<string>(names));
    const quoted = [...names, defenseCsv('sau')].flatMap((name) => [`'${name}'`, `\`${name}\``]);
    const found = readdirSync(lib, {recursive: true, encoding: 'utf8'})
      .filter((file) => file.endsWith('.ts') && file !== join('records', 'layout.ts'))
      .flatMap((file) => {
        const code = readFileSync(join(lib, file), 'utf8').replaceAll(/\/\*.*?\*\/|\/\/.*/gs, '');
        return quoted.filter((name) => code.includes(name)).map((name) => `${name} in ${file}`);
      });
    expect(names.length).toBeGreaterThan(15);
    expect(found).toEqual([]);
  });

  it('finds the record of a defense where the defense was put', () => {
    expect(recordAbove(defenseFolder('record/demo', 'sau'))).toBe(join('record', 'demo'));
  });

  it('gives each defense a table of its own', () => {
    expect(defenseFiles('ft')).toContain('ft_df.csv');
    expect(defenseFiles('ft')).not.toContain('sau_df.csv');
  });
});
