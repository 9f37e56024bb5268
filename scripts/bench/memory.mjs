// Resident memory of this process (Linux), as memory.py.
import {readFile, writeFile} from 'node:fs/promises';

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
