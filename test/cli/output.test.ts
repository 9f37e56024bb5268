import {describe, expect, it} from 'vitest';
import {derLine, duration, fileTable, metricsTable} from '../../bin/output.js';

const before = {
  acc: 0.93,
  asr: 1,
  ra: null,
  cleanLoss: 0.25,
  poisonedLoss: 0.5,
  raLoss: null,
  cleanCount: 1,
  poisonedCount: 1,
};

describe('the printed result', () => {
  it('has aligned columns, percent, and a dash where nothing was measured', () => {
    expect(metricsTable([['before', before]])).toBe(
      '            ACC       ASR  RA  clean loss  poisoned loss  RA loss\n' +
        'before  93.00 %  100.00 %   -      0.2500         0.5000        -',
    );
  });

  it('names files, durations and the rating', () => {
    expect(fileTable({csv: 'a.csv', curves: 'b.svg'})).toBe('csv     a.csv\ncurves  b.svg');
    expect([0.4, 75, 3661].map(duration)).toEqual(['0:00', '1:15', '1:01:01']);
    expect([derLine(0.975), derLine(null)]).toEqual(['DER 97.50 %', 'DER not measured']);
  });
});
