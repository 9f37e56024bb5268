import {labelText} from '../../datasets/label_text.js';
import type {RunDataset} from '../../records/run_summary.js';

// How a report writes numbers.

const NOTHING = '–';

/** 0.9123 -> "91.2 %"; a dash where it was not measured. */
export function percent(share: number | null): string {
  return share === null ? NOTHING : `${(100 * share).toFixed(1)}\u00a0%`;
}

/** A sentence whose percentages are not torn apart at the end of a line. */
export function unbroken(sentence: string): string {
  return sentence.replaceAll(' %', '\u00a0%');
}

/** Part of a whole in percent; a dash without a whole. */
export function shareOf(part: number, whole: number): string {
  return whole === 0 ? NOTHING : percent(part / whole);
}

/** A difference of shares in points: "+1.2" or "−95.1". */
export function points(before: number | null, after: number | null): string {
  if (before === null || after === null) return NOTHING;
  return signed(100 * (after - before), 1);
}

/** With a sign that is as wide as a digit. */
export function signed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** A loss or the like; a dash where it was not measured. */
export function decimal(value: number | null, decimals = 4): string {
  return value === null ? NOTHING : value.toFixed(decimals);
}

/** 12345 -> "12,345". */
export function whole(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** 1 -> "1 round", 2 -> "2 rounds". */
export function countOf(value: number, noun: string): string {
  return `${whole(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** 75.2 -> "1 min 15 s"; a dash where it is not known. */
export function seconds(value: number | null): string {
  if (value === null) return NOTHING;
  if (value < 10) return `${value.toFixed(1)} s`;
  const all = Math.round(value);
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}

/** Bytes in MiB. */
export function mebibytes(bytes: number | null): string {
  return bytes === null ? NOTHING : `${whole(Math.round(bytes / 2 ** 20))} MiB`;
}

/** "2026-11-27T19:00:00.000Z" -> "2026-11-27 19:00 UTC"; a dash where it is not known. */
export function moment(iso: string | null): string {
  if (iso === null) return NOTHING;
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(iso);
  return parts === null ? iso : `${parts[1]} ${parts[2]} UTC`;
}

/** A class as people read it: "3 (cat)", or the number alone. */
export function classText(label: number, {classTitles}: Pick<RunDataset, 'classTitles'>): string {
  return labelText(label, classTitles?.[label]);
}

/** Only the title of a class, or its number. */
export function classTitle(label: number, {classTitles}: Pick<RunDataset, 'classTitles'>): string {
  return classTitles?.[label] ?? String(label);
}

/** An option's value as it is read. */
export function settingText(value: unknown): string {
  if (value === null || value === undefined) return 'not set';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.map(settingText).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
