/** What an input of up to a megabyte may take. */
export const MOST_CPU_MS = 2000;
/** Of waiting too: for a pipe, or for what never comes. */
export const MOST_WALL_MS = 20_000;
/** On top of what the process had before. */
export const MOST_BYTES = 512 * 2 ** 20;
