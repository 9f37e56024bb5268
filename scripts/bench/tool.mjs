// What the tools of this folder have in common: flags that are read from the help text, the way from the command
// line to the report, Markdown tables.
import {access, constants, mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {availableParallelism, cpus, loadavg, tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {parseArgs} from 'node:util';

export const CORES = availableParallelism();
/** What is called a part's time. */
export const CLOCKS = ['wall', 'cpu'];

/**
 * Runs a tool: `parse(flags)` makes its options of what `help` names, `measure(options, temporary, log)` the result,
 * `report(result)` the Markdown for stdout. `--json` gets the result as it is. Errors and what `failuresOf(result)`
 * lists are told and set the exit code.
 */
export async function runTool(name, {help, parse, measure, report, failuresOf = () => []}) {
  const log = (line) => console.error(`${name}: ${line}`);
  try {
    const flags = readFlags(help, process.argv.slice(2));
    if (flags === null) return console.log(help);
    const options = parse(flags);
    const json = flags.values.json ?? null;
    if (json !== null) await checkFolder(json);
    const temporary = await mkdtemp(join(tmpdir(), `sau-${name}-`));
    try {
      const result = await measure(options, temporary, log);
      if (json !== null) await writeWhole(json, `${JSON.stringify(result, null, 2)}\n`);
      console.log(report(result));
      for (const failure of failuresOf(result)) {
        log(`FAILED: ${failure}`);
        process.exitCode = 1;
      }
    } finally {
      await rm(temporary, {recursive: true, force: true});
    }
  } catch (error) {
    log(error.message);
    process.exitCode = 1;
  }
}

/**
 * The flags of a tool's help text: `  --name <what>` takes a value, `  --name   ` is a switch. null where --help was
 * given. Throws "Expected ... but received ..." for what does not fit.
 */
function readFlags(help, args) {
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
    /** One of `known`, whose first is the default. */
    choice: (name, known) => {
      const chosen = values[name] ?? known[0];
      if (known.includes(chosen)) return chosen;
      throw new Error(`Expected ${known.join(' or ')} for --${name} but received "${chosen}"`);
    },
    /** Parses a selection from `known`, which keeps the order of `known`; `all` selects everything. */
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

/** What a world (worlds.mjs) is made of, by the flags that the tools have in common. */
export function worldOptions({values, integer}) {
  const {record, data} = values;
  if ((record === undefined) !== (data === undefined)) {
    throw new Error('Expected --record and --data together but received one of them');
  }
  return {
    record: record ?? null,
    data: data ?? null,
    python: values.python ?? null,
    device: values.device ?? 'cpu',
    threads: integer('threads', CORES),
    width: integer('width', 16),
  };
}

/** The options for the report and for JSON: without the paths of this machine. */
export function settingsOf({record, data, python, ...settings}) {
  return settings;
}

export function machineFacts() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: CORES,
    node: process.versions.node,
    date: new Date().toISOString(),
    load: loadavg()[0],
  };
}

/** A Markdown table as lines. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

export function percent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)} %`;
}

export function secondsText(value) {
  return value < 10 ? value.toPrecision(3) : value.toFixed(1);
}

/** Throws now, not after all the measuring, where there is no folder to write `path` into. */
export async function checkFolder(path) {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new Error(`Expected a folder to write ${path} into but received ${cause.code}`, {cause});
  }
}

/** Writes all of a file or nothing. */
export async function writeWhole(path, text) {
  await writeFile(`${path}.partial`, text);
  await rename(`${path}.partial`, path);
}
