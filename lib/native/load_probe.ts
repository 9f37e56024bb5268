import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {messageOf, SauError} from '../base/errors.js';
import type {NativeDeviceInfo} from './contract.js';

/** The output of the child process. */
export type ProbeAnswer =
  | {readonly devices: NativeDeviceInfo}
  | {readonly error: {readonly message: string}};

/**
 * Loads LibTorch in a separate process, so that even a crash is only a finding. Returns the devices that LibTorch
 * sees, or an ERR_NATIVE with the linker's message.
 */
export async function probeLoading(
  root: string,
  signal?: AbortSignal,
): Promise<NativeDeviceInfo | SauError> {
  const script = join(__dirname, 'probe.js');
  const env = {...process.env, SAU_NATIVE_LIBTORCH: root};
  const limits = {env, timeout: 120_000, ...(signal === undefined ? {} : {signal})};
  try {
    const {stdout} = await promisify(execFile)(process.execPath, [script], limits);
    const answer = JSON.parse(stdout) as ProbeAnswer;
    return 'devices' in answer ? answer.devices : new SauError('ERR_NATIVE', answer.error.message);
  } catch (error) {
    signal?.throwIfAborted();
    return new SauError(
      'ERR_NATIVE',
      `the process that loads it ended: ${messageOf(error).trim()}`,
    );
  }
}
