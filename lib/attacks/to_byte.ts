/**
 * The two ways in which the official tool turns a number into a grey level; both truncate toward zero
 * (specification B3.4, B5).
 */
export type ToByte = (value: number) => number;

/** Clips to [0,255], then truncates. */
export const clipToByte: ToByte = (value) => Math.trunc(Math.min(255, Math.max(0, value)));

/**
 * What a cast without a clip does: truncates, then takes the rest modulo 256, so that -1.5 becomes 255 and
 * 300 becomes 44.
 */
export const wrapToByte: ToByte = (value) => value & 0xff;
