// Texts that name options. The library's own spelling is camelCase; only the command line knows dashes, so the
// texts carry the names as names, and whoever prints them chooses the spelling.

const OPEN = '\uE000';
const CLOSE = '\uE001';
const NAMED = new RegExp(`${OPEN}(\\w+)${CLOSE}`, 'g');

/** How an option is written: `stepSize` in a program, `--step-size` on the command line. */
export type Spelling = (option: string) => string;

/** The name of an option as a part of a message or of a help text. */
export function named(option: string): string {
  return `${OPEN}${option}${CLOSE}`;
}

/** A text whose named options are written as `spell` says; by default as in the library. */
export function spelled(text: string, spell: Spelling = (option) => option): string {
  return text.replace(NAMED, (_, option: string) => spell(option));
}
