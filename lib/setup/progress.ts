/** What `setup` tells while it works. Sent, never awaited. */
export type SetupProgress =
  /** A new part begins. */
  | {readonly kind: 'stage'; readonly message: string}
  /** Something the user should know. */
  | {readonly kind: 'note'; readonly message: string}
  /** Of a download or of what is being unpacked or copied. */
  | {readonly kind: 'bytes'; readonly done: number; readonly total: number | null}
  /** A line that pip printed. */
  | {readonly kind: 'pip'; readonly line: string};

/** Options of `setup` besides what it is to fetch. */
export interface SetupRunOptions {
  /** Aborting rejects with `signal.reason`; a download goes on from there the next time. */
  readonly signal?: AbortSignal;
  /** Told as it goes; nothing waits for it. */
  readonly onProgress?: (progress: SetupProgress) => void;
}

/** The same with nothing left open. */
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
