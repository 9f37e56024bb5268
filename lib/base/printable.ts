/** Control characters, among them those of C1, which terminals obey too; what turns the direction; broken pairs. */
const CONTROL = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text from a file as one line that a terminal shows and does not obey. */
export function printable(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** As {@link printable}, of text of our own with several lines. */
export function printableLines(text: string): string {
  return text.replace(CONTROL, (char) => (char === '\n' || char === '\t' ? char : escaped(char)));
}

/** JSON with nothing in it that a terminal obeys. */
export function printableJson(value: unknown): string {
  // JSON itself escapes the first 32 characters; what is left stands in texts alone.
  return JSON.stringify(value, null, 2).replace(CONTROL, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** As {@link printable}, of at most `most` characters and a sign that there are more. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? printable(text) : `${printable(text.slice(0, most))}...`;
}

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
