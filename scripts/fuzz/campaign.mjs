import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {inputIn} from './guarded.mjs';
import {minimized} from './minimize.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** Processes that are started to make an input shorter that ends them. */
const MOST_CHECKS = 30;
/** After so many deaths a target is left alone. */
const MOST_DEATHS = 20;

/** In memory where the system has such a folder: each input is a file. */
export function scratchRoot() {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

/**
 * Fuzzes a target in a process of its own, and again in another one where an input ends it.
 * @param found Where inputs of findings are written
 */
export async function fuzzTarget(target, {seed, seconds, inputs, found, log}) {
  const folder = await mkdtemp(join(scratchRoot(), `sau-fuzz-${target}-`));
  const total = {inputs: 0, accepted: 0, pool: 0, reached: [0, 0], most: 0, findings: []};
  const end = Date.now() + 1000 * seconds;
  try {
    for (let deaths = 0; deaths < MOST_DEATHS; deaths++) {
      const left = (end - Date.now()) / 1000;
      if (deaths > 0 && (left <= 0 || total.inputs >= inputs)) break;
      const options = {seed, skip: deaths, seconds: left, inputs: inputs - total.inputs};
      const {lines, isWhole, fault} = await runWorker(target, folder, options);
      addTo(total, lines);
      for (const line of lines.filter(({kind}) => kind === 'finding')) {
        if (line.fault === 'memory' && !(await isSoAlone(target, folder, line))) continue;
        await keep(
          total,
          target,
          {...line, bytes: Buffer.from(line.input, 'base64')},
          {seed, found, log},
        );
      }
      if (isWhole) break;
      const finding = await lastInput(target, folder, fault);
      if (finding !== null) await keep(total, target, finding, {seed, found, log});
    }
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
  return total;
}

function addTo(total, lines) {
  const last = lines.findLast(({kind}) => kind === 'progress' || kind === 'end');
  if (last === undefined) return;
  total.inputs += last.inputs;
  total.accepted += last.accepted;
  total.pool = Math.max(total.pool, last.pool);
  total.most = Math.max(total.most, last.most);
  if (last.reached[0] > total.reached[0]) total.reached = last.reached;
}

/** Writes a finding's input and says how it was found. One of a signature is enough. */
async function keep(total, target, {signature, message, bytes}, {seed, found, log}) {
  if (total.findings.some((other) => other.signature === signature)) return;
  await mkdir(found, {recursive: true});
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const path = join(found, `${target}-${hash}`);
  await writeFile(path, bytes);
  total.findings.push({signature, path});
  log(
    `${target}: ${signature}\n  seed ${seed}, ${bytes.length} bytes in ${path}\n  ${message.replaceAll('\n', '\n  ')}`,
  );
}

/** Memory may also be that of inputs before. */
async function isSoAlone(target, folder, {input, signature}) {
  const suspect = join(folder, 'suspect');
  await writeFile(suspect, Buffer.from(input, 'base64'));
  const alone = faultOf(await runWorker(target, folder, {check: suspect}));
  return alone?.startsWith(signature.split(':')[0]) ?? false;
}

/** Whether the input that ended the process does so alone, and the fewest bytes of it that do. */
async function lastInput(target, folder, fault) {
  const suspect = join(folder, 'suspect');
  await copyFile(inputIn(folder), suspect);
  const bytes = await readFile(suspect);
  const signatureOf = async (candidate) => {
    await writeFile(suspect, candidate);
    return faultOf(await runWorker(target, folder, {check: suspect}));
  };
  const signature = await signatureOf(bytes);
  if (signature === null) {
    return fault === 'crash'
      ? {signature: 'crash: not alone', message: 'after others', bytes}
      : null;
  }
  const least = await minimized(bytes, signatureOf, signature, MOST_CHECKS);
  return {signature, message: 'The process was ended.', bytes: least};
}

function faultOf({lines, isWhole, fault}) {
  const finding = lines.find(({kind}) => kind === 'finding');
  if (finding !== undefined) return finding.signature;
  return isWhole ? null : `${fault}: the process was ended`;
}

/** Runs the worker to its end. `fault`: 'hang', 'memory' or 'crash' where it was ended. */
async function runWorker(target, folder, options) {
  const given = {target, folder, ...options};
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--max-old-space-size=2048', WORKER, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {...process.env, UV_THREADPOOL_SIZE: '2'},
    },
  );
  const errors = [];
  child.stderr.on('data', (piece) => errors.push(piece));
  const lines = [];
  for await (const line of createInterface({input: child.stdout})) lines.push(JSON.parse(line));
  const [code, signal] = await new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve([child.exitCode, child.signalCode]);
    } else child.once('exit', (...how) => resolve(how));
  });
  if (code === 0) return {lines, isWhole: true, fault: null};
  const killed = lines.find(({kind}) => kind === 'killed');
  const told = Buffer.concat(errors).toString();
  // A defect of the fuzzer is none of a reader.
  if (killed === undefined && code === 1 && signal === null) throw new Error(told);
  return {lines, isWhole: false, fault: killed?.fault ?? 'crash'};
}
