/**
 * A label as people read it: `3 (cat)`; the number alone where nothing is known of it, or its name is a number.
 * @param titles What the classes are called, in label order; null where that is not known
 */
export function labelText(label: number, titles: readonly string[] | null): string {
  const title = titles?.[label] ?? '';
  return /^\d*$/.test(title) ? String(label) : `${label} (${title})`;
}
