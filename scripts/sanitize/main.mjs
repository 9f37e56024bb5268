// Builds the addon with the compiler's sanitizers and runs tests on it.
//   npm run sanitize -- address [vitest's filters and options]   AddressSanitizer and UndefinedBehaviorSanitizer
//   npm run sanitize -- thread [...]                             ThreadSanitizer
// Prints every report and ends with 1 if there is one or a test fails. docs/sanitizers.md says what is left out.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {libTorchForBuild, root} from '../build_steps.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

const KINDS = {
  address: {
    flags: 'address,undefined',
    runtimes: ['libasan.so', 'libubsan.so'],
    // Node ends without freeing what it has, so only sau_test looks for leaks.
    env: (log) => ({
      ASAN_OPTIONS: `detect_leaks=0:allocator_may_return_null=1:halt_on_error=0:exitcode=0:log_path=${log}`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`,
    }),
    testEnv: (log) => ({
      ASAN_OPTIONS: `detect_leaks=1:exitcode=0:log_path=${log}`,
      LSAN_OPTIONS: `suppressions=${join(here, 'leak.supp')}:print_suppressions=0`,
    }),
  },
  thread: {
    flags: 'thread',
    runtimes: ['libtsan.so'],
    env: (log) => ({
      TSAN_OPTIONS: `suppressions=${join(here, 'thread.supp')}:print_suppressions=0:ignore_noninstrumented_modules=1:exitcode=0:log_path=${log}`,
    }),
    testEnv: () => ({}),
  },
};

const [kindName, ...filters] = process.argv.slice(2);
const kind = KINDS[kindName];
if (kind === undefined) {
  console.error(`Expected address or thread but received ${kindName ?? 'nothing'}.`);
  process.exit(2);
}

const base = join(root, `build-${kindName}`);
const build = join(base, 'build'); // node-gyp-build looks for build/Release in SAU_NATIVE_PREBUILD
const logs = join(base, 'reports');
rmSync(logs, {recursive: true, force: true});
mkdirSync(logs, {recursive: true});
const log = join(logs, 'report');

const libtorch = await libTorchForBuild();
run('cmake', [
  '-S',
  root,
  '-B',
  build,
  `-DLIBTORCH_DIR=${libtorch.root}`,
  `-DSAU_SANITIZE=${kind.flags}`,
]);
run('cmake', ['--build', build, '--parallel', '2', '--target', 'all', 'sau_test']);

const preload = [...kind.runtimes.map(pathOfRuntime), pathOfRuntime('libstdc++.so.6')].join(' ');
const env = {...process.env, ...kind.env(log), OMP_NUM_THREADS: '1'};
const tested = spawnSync(join(build, 'sau_test'), {
  stdio: 'inherit',
  env: {...env, ...kind.testEnv(log), LD_LIBRARY_PATH: join(libtorch.root, 'lib')},
});
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const ran = spawnSync(
  process.execPath,
  [vitest, 'run', '--testTimeout', '1200000', ...(filters.length > 0 ? filters : ['test/native'])],
  {stdio: 'inherit', cwd: root, env: {...env, LD_PRELOAD: preload, SAU_NATIVE_PREBUILD: base}},
);

const reports = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
for (const report of reports) console.error(report);
const found = reports.flatMap(
  (report) => report.match(/^(?:SUMMARY: .*|.*: runtime error: .*)$/gm) ?? [],
);
console.log(
  `${kindName}: sau_test ended with ${tested.status}, vitest with ${ran.status}, ${found.length} reports`,
);
for (const [line, count] of countsOf(found)) console.log(`${count} x ${line}`);
process.exit(tested.status === 0 && ran.status === 0 && found.length === 0 ? 0 : 1);

/** The path of a library that the compiler brings. */
function pathOfRuntime(name) {
  const {stdout} = spawnSync(process.env.CXX ?? 'c++', [`-print-file-name=${name}`], {
    encoding: 'utf8',
  });
  const path = (stdout ?? '').trim();
  if (!existsSync(path)) {
    console.error(
      `Expected ${name} of the C++ compiler but found none. Install GCC's sanitizer libraries.`,
    );
    process.exit(1);
  }
  return path;
}

function countsOf(lines) {
  const counts = new Map();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function run(program, args) {
  const {status} = spawnSync(program, args, {stdio: 'inherit'});
  if (status !== 0) process.exit(status ?? 1);
}
