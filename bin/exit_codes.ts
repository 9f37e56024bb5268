import {SauError, type SauErrorCode} from '../lib/base/errors.js';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  libtorch: 3,
  device: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Readonly<Partial<Record<SauErrorCode, ExitCode>>> = {
  ERR_CONFIG: EXIT.usage,
  ERR_LIBTORCH_NOT_FOUND: EXIT.libtorch,
  ERR_LIBTORCH_VERSION: EXIT.libtorch,
  ERR_DEVICE: EXIT.device,
  ERR_ABORTED: EXIT.interrupted,
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof SauError ? (BY_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
}
