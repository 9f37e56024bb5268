/**
 * A label as people read it: `3 (cat)`; the number alone where the class has no title or its title is a number.
 */
export function labelText(label: number, title: string | undefined): string {
  return title === undefined || /^\d*$/.test(title) ? String(label) : `${label} (${title})`;
}
