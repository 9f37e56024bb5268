import {z} from 'zod';
import {assertNever} from '../base/errors.js';
import type {Checked, Option, OptionTable} from './option.js';
import * as rule from './rules.js';

/** The check of a table's options; those that stand for another are resolved before. */
export function schemaOf(table: OptionTable): z.ZodObject {
  const own = Object.entries(table).filter(([, {alias}]) => alias === undefined);
  return z.strictObject(Object.fromEntries(own.map(([name, option]) => [name, ruleOf(option)])));
}

function ruleOf(option: Option): z.ZodType {
  const rule = checkOf(option);
  return 'default' in option && option.default === null ? rule.nullable() : rule;
}

/** The check of a value that an option has where it is not null. */
export function valueRule<const O extends Option>(option: O): z.ZodType<Checked<O>> {
  return checkOf(option) as z.ZodType<Checked<O>>;
}

function checkOf(option: Option): z.ZodType {
  switch (option.type) {
    case 'number':
    case 'integer':
      return rule.within(option.type, option);
    case 'switch':
      return rule.onOff;
    case 'choice':
      return option.orFile === true
        ? rule.path(`${option.choices.join(', ')} or a file`)
        : rule.oneOf(option.choices);
    case 'choices':
      return rule.someOf(option.choices);
    case 'path':
      return rule.path(option.expects);
    case 'text':
      return option.orPath === true ? rule.textOrUrl(option.expects) : rule.text(option.expects);
    case 'numbers':
      return rule.numbers(option.expects, option);
    case 'device':
      return rule.deviceName;
    case 'model':
      return rule.modelName;
    case 'sha256':
      return rule.sha256;
    case 'sides':
      return rule.sides;
    case 'bytes':
      return rule.bytes;
    case 'share':
      return rule.share;
    case 'duration':
      return rule.duration;
    default:
      return assertNever(option);
  }
}
