/** The messages of a call that fetches files. They are sent and never awaited. */
export type DownloadProgress =
  /** A new part begins. */
  | {
      readonly kind: 'stage';
      /** What it does, in words. */
      readonly message: string;
    }
  /** Something the user should know. */
  | {
      readonly kind: 'note';
      /** In words. */
      readonly message: string;
    }
  /** Progress of a download, of unpacking or of copying, in bytes. */
  | {
      readonly kind: 'bytes';
      /** Bytes until now, those of an earlier call included. */
      readonly done: number;
      /** Bytes in all; null where that is not known. */
      readonly total: number | null;
    };

/** Options of a call that fetches files which do not concern what it fetches. */
export interface DownloadRunOptions {
  /** Aborting rejects with `signal.reason`. The next call continues the download. */
  readonly signal?: AbortSignal;
  /** Called with each message; nothing waits for it. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** What a download is told besides its address. */
export interface DownloadRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
  /** What errors advise, whole sentences. */
  readonly advice: {
    /** Where the file cannot be fetched from here. */
    readonly elsewhere: string;
    /** Where the disk is too small. */
    readonly space: string;
  };
}
