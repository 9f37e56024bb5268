import {mkdtempSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {SauError} from '../base/errors.js';
import {spillFolder} from '../datasets/image_memory.js';
import {addonFiles} from '../native/binding.js';
import {findLibTorch, type LibTorch} from '../native/libtorch.js';
import {makeOutput} from '../report/output_folder.js';
import {type Confinement, type Rule, runConfined, sandboxSupport} from './kernel.js';
import type {Needs} from './needs.js';
import {inSandbox, removeEmpty, type SandboxMode, STATE, type State} from './state.js';
import {systemRules} from './system_rules.js';

/**
 * Replaces this process by the same program in a sandbox (SECURITY.md): it has no network, reads what is needed and
 * writes where its results go. Returns where the process is in it already, where it is off, and with `auto` where the
 * system cannot. Throws ERR_SANDBOX with `on` where it cannot, ERR_OUTPUT where the output folder cannot be made.
 */
export async function enterSandbox(
  mode: SandboxMode,
  needs: () => Needs | Promise<Needs>,
): Promise<void> {
  if (inSandbox() || mode === 'off') return;
  const support = sandboxSupport();
  if (mode === 'on' && support.why !== null) throw cannot(support.why);
  if (!support.files && !support.systemCalls) return;
  if (mode === 'auto' && isDebugged()) return; // a debugger comes by the network
  const {files, systemCalls} = support;
  const made: string[] = [];
  try {
    const {rules, env} = await prepare(await needs(), made);
    const state: State = {pid: process.pid, made};
    confine({files, systemCalls, rules}, {...env, [STATE]: JSON.stringify(state)});
  } catch (error) {
    removeEmpty(made);
    if (!(error instanceof SauError) || error.code !== 'ERR_SANDBOX') throw error;
    if (mode === 'on') throw cannot(error.message, error);
  }
}

function confine(confinement: Confinement, env: NodeJS.ProcessEnv): never {
  return runConfined(confinement, {
    file: process.execPath,
    arguments: [process.argv0, ...process.execArgv, ...process.argv.slice(1)],
    environment: Object.entries(env).map(([name, value]) => `${name}=${value}`),
  });
}

/** Makes the folders that the run writes, because a right belongs to a folder that is there, and lists its rights. */
async function prepare(
  {reads, makes, writes = [], spills = false}: Needs,
  made: string[],
): Promise<{rules: readonly Rule[]; env: NodeJS.ProcessEnv}> {
  const libtorch = await libTorch();
  const rules = [...systemRules(libtorch), ...reads.map((path): Rule => ({path, access: 'read'}))];
  const writable = [...writes];
  const env = {...process.env};
  // Python cannot be asked again in there.
  if (libtorch?.source === 'python3') env.SAU_NATIVE_LIBTORCH = libtorch.root;
  if (makes !== undefined) {
    made.push(...(await makeOutput(makes)));
    writable.push(made.at(-1) ?? makes);
  }
  const temporary = spills ? await temporaryFolder() : null;
  if (temporary !== null) {
    env.TMPDIR = temporary;
    writable.push(temporary);
    made.push(temporary);
  }
  rules.push(...writable.map((path): Rule => ({path, access: 'write'})));
  rules.push(...made.map((path): Rule => ({path: dirname(path), access: 'removeFolders'})));
  return {rules, env};
}

async function libTorch(): Promise<LibTorch | null> {
  try {
    return (await findLibTorch(addonFiles().libtorchVersion)).found;
  } catch {
    return null; // what is wrong is told by whoever loads it
  }
}

/** A folder of our own, so that nothing of other programs is open. null where none can be made: then none is used. */
async function temporaryFolder(): Promise<string | null> {
  try {
    return mkdtempSync(join(await spillFolder(), 'sau-native-'));
  } catch {
    return null;
  }
}

function isDebugged(): boolean {
  const {NODE_OPTIONS = ''} = process.env;
  return [...process.execArgv, NODE_OPTIONS].some((text) => text.includes('--inspect'));
}

function cannot(why: string, cause?: unknown): SauError {
  return new SauError('ERR_SANDBOX', `Expected a sandbox for the process but ${why}.`, {
    cause,
    remedy: 'Leave out --sandbox to have what the system can, or set it to off.',
    details: {why},
  });
}
