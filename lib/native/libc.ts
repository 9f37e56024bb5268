/** The C library that this Node runs on. LibTorch needs glibc. */
export type LibC =
  | {readonly name: 'glibc'; readonly version: string}
  /** musl, as on Alpine. */
  | {readonly name: 'other'};

interface ReportParts {
  readonly header?: {readonly glibcVersionRuntime?: string};
  readonly sharedObjects?: readonly string[];
}

/** Null outside Linux. */
export function findLibC(): LibC | null {
  if (process.platform !== 'linux') return null;
  const version = report().header?.glibcVersionRuntime;
  return version === undefined ? {name: 'other'} : {name: 'glibc', version};
}

/** The libstdc++ that this process has loaded and that LibTorch will use; null if Node contains its own. */
export function loadedLibStdCxx(): string | null {
  return report().sharedObjects?.find((path) => /\/libstdc\+\+\.so\.6$/.test(path)) ?? null;
}

function report(): ReportParts {
  // Without this setting the report looks up the names of all open connections, which can take seconds.
  Object.assign(process.report, {excludeNetwork: true});
  return process.report.getReport() as ReportParts;
}
