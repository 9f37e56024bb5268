// The inner side of workers.mjs: a process that answers JSON lines on stdin with JSON lines, and its memory.
import {readFile, writeFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';

/** Answers with what `answer(request)` resolves to, or with {error}, until stdin ends. */
export async function answerLines(name, answer) {
  for await (const line of createInterface({input: process.stdin})) {
    const reply = await answer(JSON.parse(line)).catch((error) => {
      console.error(error);
      return {error: `${name}: ${error.message}`};
    });
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

// Resident memory of this process (Linux), as in baseline_worker.py.
export function resetPeak() {
  return writeFile('/proc/self/clear_refs', '5');
}

export function residentMiB() {
  return status('VmRSS');
}

export function peakMiB() {
  return status('VmHWM');
}

async function status(field) {
  const text = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)[1]) / 1024;
}
