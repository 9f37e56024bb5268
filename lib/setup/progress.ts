/** The messages of `setup` while it works. They are sent and never awaited. */
export type SetupProgress =
  /** A new part begins. */
  | {readonly kind: 'stage'; readonly message: string}
  /** Something the user should know. */
  | {readonly kind: 'note'; readonly message: string}
  /** Progress of a download, of unpacking or of copying, in bytes. */
  | {readonly kind: 'bytes'; readonly done: number; readonly total: number | null}
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
export interface SetupRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SetupProgress) => void;
}

export function runOf({signal, onProgress}: SetupRunOptions): SetupRun {
  return {
    signal: signal ?? new AbortController().signal,
    onProgress: onProgress ?? (() => undefined),
  };
}
