// npm run bench:precision: what --precision changes. See --help.
//   signs    one batch's gradient of the attack's objective, in float64 by scripts/oracle, against the signs that
//            the package finds in each precision; PyTorch's own float32 is the yardstick
//   metrics  ACC, ASR and RA after the demo's defense of one record in each precision, over several seeds
// Says what it finds and fails only where something could not be measured.
import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {availableParallelism, cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {packageModule} from '../native_options.mjs';
import {findPython} from '../python.mjs';
import {compareMetrics} from './metrics.mjs';
import {HELP, parseOptions} from './options.mjs';
import {report} from './report.mjs';
import {compareSigns} from './signs.mjs';

const log = (line) => console.error(`precision: ${line}`);

async function measure(options, temporary) {
  const date = new Date().toISOString();
  const wants = (part) => options.parts.includes(part);
  const python = wants('signs') ? findPython(options.python, log) : null;
  const signs = wants('signs') ? await compareSigns(options, python, temporary, log) : null;
  const metrics = wants('metrics') ? await compareMetrics(options, temporary, log) : null;
  // Without the paths of this machine.
  const {record, data, python: _, json, ...settings} = options;
  const info = await packageModule('index').deviceInfo();
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: availableParallelism(),
    capability: info.cpuCapability,
    gpu: options.device === 'cpu' ? null : (info.cudaDevices[0]?.name ?? null),
    torch: signs?.torch ?? null,
    libtorch: info.libtorchVersion,
    node: process.versions.node,
    date,
  };
  return {machine, options: settings, signs, metrics};
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) return console.log(HELP);
  const temporary = await mkdtemp(join(tmpdir(), 'sau-precision-'));
  try {
    const result = await measure(options, temporary);
    if (options.json !== null) {
      await writeFile(`${options.json}.partial`, `${JSON.stringify(result, null, 2)}\n`);
      await rename(`${options.json}.partial`, options.json);
    }
    console.log(report(result));
  } finally {
    await rm(temporary, {recursive: true, force: true});
  }
}

main().catch((error) => {
  console.error(`precision: ${error.message}`);
  process.exitCode = 1;
});
