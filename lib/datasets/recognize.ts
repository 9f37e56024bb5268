import {type FormatName, KNOWN, type KnownDataset, type KnownName} from './known.js';

/** The known data set that a folder of this format and these classes is; null if none. */
export function recognize(format: FormatName, classNames: readonly string[]): KnownName | null {
  const names = Object.keys(KNOWN) as KnownName[];
  return (
    names.find((name) => isOwnFormat(KNOWN[name], format) || hasClasses(KNOWN[name], classNames)) ??
    null
  );
}

/** Whether a format is one of a data set's own. */
export function isOwnFormat({layouts}: KnownDataset, format: FormatName): boolean {
  return layouts.some((layout) => layout.format === format);
}

/** Whether these may be the classes of a data set that the user has named: its own, or numbered. */
export function mayHaveClasses(known: KnownDataset, classNames: readonly string[]): boolean {
  const areNumbers = classNames.every((name) => /^\d+$/.test(name));
  return hasClasses(known, classNames) || (areNumbers && classNames.length === known.numClasses);
}

function hasClasses({classes, numClasses}: KnownDataset, names: readonly string[]): boolean {
  if (names.length !== numClasses) return false;
  return classes instanceof RegExp
    ? names.every((name) => classes.test(name))
    : names.join('/') === classes.join('/');
}
