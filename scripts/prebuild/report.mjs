// The output of this folder's scripts for people.

/** One line per binary, then the highest versions asked for. */
export function table({binaries, floors}) {
  const lines = binaries.map(
    ({name, bytes, needed}) =>
      `${name}  ${(bytes / 1024).toFixed(0)} KiB  needs ${needed.join(' ')}`,
  );
  const highest = Object.entries(floors).map(([family, version]) => `${family}_${version}`);
  return [...lines, `highest versions: ${highest.join(' ')}`].join('\n');
}

/** Ends the process with one clear message. */
export function stop(message) {
  console.error(message);
  process.exit(1);
}
