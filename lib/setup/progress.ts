import type {DownloadProgress, DownloadRun} from '../download/progress.js';

/** The messages of `setup` while it works. They are sent and never awaited. */
export type SetupProgress =
  | DownloadProgress
  /** A line that pip printed. */
  | {readonly kind: 'pip'; readonly line: string};

/** Options of `setup` that do not concern what it fetches. */
export interface SetupRunOptions {
  /** Aborting rejects with `signal.reason`. The next call continues the download. */
  readonly signal?: AbortSignal;
  /** Called with each message; nothing waits for it. */
  readonly onProgress?: (progress: SetupProgress) => void;
}

/** The options with every field set. */
export interface SetupRun extends DownloadRun {
  readonly onProgress: (progress: SetupProgress) => void;
}

export function runOf({signal, onProgress}: SetupRunOptions): SetupRun {
  return {
    signal: signal ?? new AbortController().signal,
    onProgress: onProgress ?? (() => undefined),
    advice: {
      elsewhere: 'fetch the file elsewhere and pass it with `npx sau-native setup --from FILE`',
      space: 'Free some, or choose another folder with SAU_NATIVE_CACHE.',
    },
  };
}
