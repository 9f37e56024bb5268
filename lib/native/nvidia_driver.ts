import {execFile} from 'node:child_process';
import {readdir, readFile, realpath} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {promisify} from 'node:util';
import {thisPlatform} from './platforms.js';

/** The driver of this machine. It alone decides whether CUDA can be used; toolkit and nvcc are not asked. */
export interface NvidiaDriver {
  /** Such as "580.65.06"; "unknown" if the driver is there but does not say. */
  readonly version: string;
  /** The source of the version: a file, or nvidia-smi. */
  readonly source: string;
  /** Such as "NVIDIA H100 80GB HBM3"; empty if nothing names them. */
  readonly gpus: readonly string[];
}

/** Where the parts of a driver are searched; tests use other places. */
export interface DriverPlaces {
  readonly proc: string;
  /** Folders of libcuda.so.1, besides those of LD_LIBRARY_PATH. */
  readonly libraries: readonly string[];
  /** nvidia-smi outside PATH. */
  readonly smi: readonly string[];
}

const PLACES: DriverPlaces = {
  proc: '/proc/driver/nvidia',
  libraries: [
    `/usr/lib/${thisPlatform().triplet}`,
    '/usr/lib64',
    '/usr/lib/wsl/lib', // Windows' driver inside WSL, which has no /proc/driver/nvidia
    '/usr/local/nvidia/lib64',
    '/run/opengl-driver/lib',
  ],
  smi: ['/usr/bin/nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'],
};

/** Asks the kernel module, else nvidia-smi, else reads the name of libcuda. null if there is no driver. */
export async function findNvidiaDriver(
  env: NodeJS.ProcessEnv = process.env,
  places: DriverPlaces = PLACES,
): Promise<NvidiaDriver | null> {
  const kernel = await fromKernel(places.proc);
  const driver = kernel ?? (await fromSmi(env, places.smi)) ?? (await fromLibrary(env, places));
  if (driver === null || driver.gpus.length > 0) return driver;
  const named = await fromSmi(env, places.smi);
  return named === null ? driver : {...driver, gpus: named.gpus};
}

async function fromKernel(proc: string): Promise<NvidiaDriver | null> {
  const source = join(proc, 'version');
  const text = await readFile(source, 'utf8').catch(() => null);
  if (text === null) return null;
  const version = /Kernel Module\s+(?:for \S+\s+)?([\d.]+)/.exec(text)?.[1] ?? 'unknown';
  const gpus: string[] = [];
  const folder = join(proc, 'gpus');
  for (const name of await readdir(folder).catch(() => [])) {
    const facts = await readFile(join(folder, name, 'information'), 'utf8').catch(() => '');
    const model = /^Model:\s*(.+)$/m.exec(facts)?.[1];
    if (model !== undefined) gpus.push(model.trim());
  }
  return {version, source, gpus};
}

async function fromSmi(
  env: NodeJS.ProcessEnv,
  others: readonly string[],
): Promise<NvidiaDriver | null> {
  const query = ['--query-gpu=driver_version,name', '--format=csv,noheader'];
  for (const program of ['nvidia-smi', ...others]) {
    try {
      const {stdout} = await promisify(execFile)(program, query, {env, timeout: 10_000});
      const rows = stdout
        .trim()
        .split('\n')
        .map((row) => row.split(',').map((cell) => cell.trim()));
      const version = rows[0]?.[0];
      // Without a working driver it prints a sentence and not a version.
      if (version === undefined || !/^[\d.]+$/.test(version)) continue;
      return {version, source: program, gpus: rows.flatMap(([, name]) => (name ? [name] : []))};
    } catch {
      // It is not there or found no driver; the next one may.
    }
  }
  return null;
}

async function fromLibrary(
  env: NodeJS.ProcessEnv,
  places: DriverPlaces,
): Promise<NvidiaDriver | null> {
  const own = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...own, ...places.libraries]) {
    const path = await realpath(join(folder, 'libcuda.so.1')).catch(() => null);
    // The stubs folder of a toolkit also has a libcuda, which is not a driver.
    if (path === null || folder.includes('stubs')) continue;
    const version = /libcuda\.so\.(\d+\.[\d.]+)$/.exec(path)?.[1] ?? 'unknown';
    return {version, source: path, gpus: []};
  }
  return null;
}
