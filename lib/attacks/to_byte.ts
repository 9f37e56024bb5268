/**
 * The two ways in which the official tool turns a number into a gray level. Both truncate toward zero
 * (specification B3.4, B5).
 */
export type ToByte = (value: number) => number;

/** Clips to [0,255], then truncates. */
export const clipToByte: ToByte = (value) => Math.trunc(Math.min(255, Math.max(0, value)));

/**
 * Casts without clipping: truncates, then takes the remainder modulo 256, so -1.5 becomes 255 and 300 becomes 44.
 */
export const wrapToByte: ToByte = (value) => value & 0xff;
