import {defineConfig} from 'vitest/config';

// One worker process: the native core and two CPU cores are shared by all tests.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000, // some train a small victim
  },
});
