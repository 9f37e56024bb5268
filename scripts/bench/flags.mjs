import {parseArgs} from 'node:util';

/**
 * Reads a tool's flags from its own help text: `  --name <what>` takes a value, `  --name   ` is a switch.
 * null where --help was given. Throws "Expected ... but received ..." for what does not fit.
 */
export function readFlags(help, args) {
  const options = {help: {type: 'boolean'}};
  for (const [, name, value] of help.matchAll(/^ {2}--([a-z-]+)( <)?/gm)) {
    options[name] = {type: value === undefined ? 'boolean' : 'string'};
  }
  const {values} = parseArgs({args, options});
  if (values.help) return null;

  const integerOf = (name, text, least) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new Error(`Expected integer >= ${least} for --${name} but received "${text}"`);
  };
  return {
    values,
    integer: (name, fallback, least = 1) =>
      values[name] === undefined ? fallback : integerOf(name, values[name], least),
    integers: (name, fallback, least = 0) =>
      values[name]?.split(',').map((text) => integerOf(name, text, least)) ?? fallback,
    number: (name, fallback) => {
      const value = values[name] === undefined ? fallback : Number(values[name]);
      if (value === undefined || (Number.isFinite(value) && value >= 0)) return value;
      throw new Error(`Expected number >= 0 for --${name} but received "${values[name]}"`);
    },
    /** Some of `known`, in its order; `all` is all of them. */
    list: (name, known, fallback) => {
      const chosen = values[name] === 'all' ? known : (values[name]?.split(',') ?? fallback);
      const wrong = chosen.find((item) => !known.includes(item));
      if (wrong === undefined) return known.filter((item) => chosen.includes(item));
      throw new Error(
        `Expected a list of ${known.join(', ')} for --${name} but received "${wrong}"`,
      );
    },
  };
}

/** A record needs its data set, and a data set its record. */
export function requireTogether({record, data}) {
  if ((record === undefined) === (data === undefined)) return;
  throw new Error('Expected --record and --data together but received one of them');
}
