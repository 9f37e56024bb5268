/** A word of a shell script that stands for this text, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What schedulers take as a name: the letters, digits and dashes of a text. */
export function slug(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return plain.slice(0, 30).replaceAll(/^-+|-+$/g, '') || 'sweep';
}
