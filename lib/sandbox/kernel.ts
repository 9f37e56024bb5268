import {createRequire} from 'node:module';
import {getSystemErrorName} from 'node:util';
import {messageOf, SauError} from '../base/errors.js';
import {addonFiles} from '../native/binding.js';

/** What a confined process may do at a path and below it; see Access in native/sandbox/file_rules.h. */
export type Access = 'read' | 'run' | 'write' | 'device' | 'removeFolders';

/** A path that is not there stays forbidden. */
export interface Rule {
  readonly path: string;
  readonly access: Access;
}

export interface Confinement {
  /** Whether the rules are applied. */
  readonly files: boolean;
  readonly rules: readonly Rule[];
  /** Whether sockets and what is dangerous are refused. */
  readonly systemCalls: boolean;
}

export interface Program {
  readonly file: string;
  readonly arguments: readonly string[];
  /** As NAME=value. */
  readonly environment: readonly string[];
}

/** What the kernel has for a sandbox. */
export interface SandboxSupport {
  /** Version of Landlock, which judges by paths what a process may open; 0: none. */
  readonly landlock: number;
  /** Whether files can be confined: Landlock 2 or newer. */
  readonly files: boolean;
  /** Whether the network and dangerous system calls can be refused. */
  readonly systemCalls: boolean;
  /** What is missing and why; null if nothing is. */
  readonly why: string | null;
}

/** The addon's functions for the sandbox, which need no LibTorch. */
interface SandboxTools {
  sandboxSupport(): {
    readonly landlock: number;
    readonly leastLandlock: number;
    readonly landlockErrno: number;
    readonly systemCalls: boolean;
  };
  enterSandbox(confinement: Confinement, program: Program): never;
}

/** Asks the kernel. Never throws. */
export function sandboxSupport(): SandboxSupport {
  const none = {landlock: 0, files: false, systemCalls: false};
  if (process.platform !== 'linux') return {...none, why: 'only Linux has one that is known here'};
  try {
    const {landlock, leastLandlock, landlockErrno, systemCalls} = tools().sandboxSupport();
    const files = landlock >= leastLandlock;
    const lacks = [
      ...(files ? [] : [lackOfLandlock(landlock, landlockErrno)]),
      ...(systemCalls ? [] : ['system calls cannot be filtered (seccomp)']),
    ];
    return {landlock, files, systemCalls, why: lacks.length === 0 ? null : lacks.join('; ')};
  } catch (error) {
    return {...none, why: messageOf(error)};
  }
}

/**
 * Replaces this process by a program that is confined for good. Does not return; throws ERR_SANDBOX where the system
 * refuses, and then nothing has changed.
 */
export function runConfined(confinement: Confinement, program: Program): never {
  try {
    return tools().enterSandbox(confinement, program);
  } catch (cause) {
    throw new SauError(
      'ERR_SANDBOX',
      `Expected the system to confine the process but received: ${messageOf(cause)}.`,
      {cause},
    );
  }
}

function tools(): SandboxTools {
  const {loader} = addonFiles();
  const found = createRequire(__filename)(loader) as Partial<SandboxTools>;
  if (found.sandboxSupport !== undefined && found.enterSandbox !== undefined) {
    return found as SandboxTools;
  }
  throw new SauError(
    'ERR_NATIVE',
    `Expected functions for the sandbox in ${loader} but it is of an older build.`,
    {remedy: 'Run `npm run build`, or install the package again.'},
  );
}

function lackOfLandlock(version: number, errno: number): string {
  if (version > 0) return 'the kernel is older than Linux 5.19 (Landlock 2)';
  const name = getSystemErrorName(-errno);
  if (name === 'EOPNOTSUPP') return 'Landlock is not switched on in this kernel (lsm=landlock,...)';
  if (name === 'EPERM') return 'a container or another sandbox refuses Landlock';
  return `the kernel has no Landlock (${name})`;
}
