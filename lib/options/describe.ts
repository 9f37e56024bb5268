import {usualText} from '../datasets/known.js';
import type {Option} from './option.js';

// How help and docs write what a table says.

/** A default as it is read: "0.2", "off", "100; 20 on tiny"; '' where there is none to tell. */
export function defaultText(option: Option): string {
  if (!('default' in option) || option.default === undefined) return option.unset ?? '';
  if (option.default === null) return option.unset ?? usualOf(option);
  return option.value === '' ? '' : valueText(option.default);
}

/** A value as it is written on a command line. */
export function valueText(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}

function usualOf(option: Option): string {
  if (!('byDataset' in option) || option.byDataset === undefined) return '';
  return usualText(option.byDataset);
}

/** What can be chosen from, '' where that is not a list. */
export function choicesText(option: Option): string {
  if (option.type === 'choices') return option.choices.join(', ');
  if (option.type !== 'choice') return '';
  return [...option.choices, ...(option.orFile === true ? ['a file'] : [])].join(', ');
}

/** What stands for the value: `<n>`; '' for a switch that is only turned on. */
export function placeholder(option: Option): string {
  if (option.value !== undefined) return option.value;
  switch (option.type) {
    case 'integer':
      return '<n>';
    case 'number':
      return '<x>';
    case 'numbers':
      return '<x,x>';
    case 'switch':
      return '[on|off]';
    case 'choice':
      return option.orFile === true ? '<what>' : '<name>';
    case 'choices':
      return '<name,name>';
    case 'path':
      return '<file>';
    case 'share':
      return '<share>';
    default:
      return '<text>';
  }
}
