import {describe, expect, it} from 'vitest';
import {systemRules} from '../../../lib/sandbox/system_rules.js';

describe('the rules of the sandbox for the system', () => {
  it('take lists apart as those who read them do: folders may have spaces', () => {
    const env = {
      SAU_NATIVE_SANDBOX_READ: '/my data/a:/b',
      LD_LIBRARY_PATH: '/my libs:/c',
      LD_PRELOAD: '/d.so /e.so',
    };
    const paths = systemRules(null, env).map(({path}) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['/my data/a', '/b', '/my libs', '/c', '/d.so', '/e.so']),
    );
    expect(paths).not.toContain('/my');
  });
});
