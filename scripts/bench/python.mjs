import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {cacheFolder, packageRoot} from './package.mjs';

const CHECK = 'import torch, numpy, PIL; print(torch.__version__)';

/**
 * A Python with torch, numpy and pillow: the given one, that of SAU_BENCH_PYTHON, or that of a virtual environment
 * in the package's cache folder, which the first call makes.
 */
export function findPython(given, log) {
  const chosen = given ?? process.env.SAU_BENCH_PYTHON;
  if (chosen) {
    try {
      execFileSync(chosen, ['-c', CHECK], {stdio: 'pipe'});
      return chosen;
    } catch (cause) {
      const words = String(cause.stderr ?? '')
        .trim()
        .split('\n')
        .at(-1);
      const reason = words || cause.message;
      throw new Error(
        `Expected a Python with torch, numpy and pillow at ${chosen} but found: ${reason}. ` +
          'Give another with --python, or none to have one made.',
      );
    }
  }
  return ownEnvironment(log);
}

function ownEnvironment(log) {
  const {version} = JSON.parse(readFileSync(join(packageRoot(), 'libtorch.json'), 'utf8'));
  const folder = join(cacheFolder(), `bench-torchvision-${version}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'complete');
  if (existsSync(done)) return python;
  log(`no --python and no SAU_BENCH_PYTHON: making a virtual environment with torch ${version}`);
  log(`in ${folder} (once; some hundred MB, with CUDA some GB)`);
  const show = {stdio: ['ignore', process.stderr, process.stderr]};
  rmSync(folder, {recursive: true, force: true});
  execFileSync('python3', ['-m', 'venv', folder], show);
  const packages = [`torch==${version}`, 'torchvision', 'numpy', 'pillow'];
  execFileSync(python, ['-m', 'pip', 'install', '--disable-pip-version-check', ...packages], show);
  execFileSync(
    python,
    ['-c', `import torch, numpy, PIL; open(${JSON.stringify(done)}, "w")`],
    show,
  );
  return python;
}
