// Every attack of the table against the defense, on synthetic images and a narrow net: not the paper's figures,
// but whether each attack plants its backdoor and whether the defense takes it out again.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ATTACK_SETTINGS} from './attack_settings.mjs';
import {readFlags} from './flags.mjs';
import {packageModule} from './native_options.mjs';

const {DEMO_DEFAULTS} = packageModule('options/defaults');
const {ATTACK_KINDS, ATTACK_TABLE} = packageModule('options/attacks/attacks');
const {attack, defend, defenseEffectivenessRating} = packageModule('index');
const {writeSyntheticImages} = packageModule('datasets/write_synthetic');

const HALF = [0.5, 0.5, 0.5];
const CLASSES = 10;
const demo = DEMO_DEFAULTS;

const HELP = `Simulates every attack on synthetic images and purifies each victim; prints a Markdown table.

  npm run bench:attacks -- [options]

  --kinds <list>      of ${ATTACK_KINDS.join(',')} (all)
  --recipe <name>     training of the victim: demo, or a recipe of the package (demo)
  --epochs <n>        of the victim (${demo.epochs}, the attack's setting, or the recipe's)
  --poison-rate <x>   share of the training images (${demo.poisonRate}); at most a class where labels stay
  --rounds <n>        of the defense (${demo.rounds})
  --size <px>         side of the images (${demo.size})
  --width <n>         base channels of the net (${demo.width})
  --train <n>         training images per class (${demo.trainPerClass})
  --test <n>          test images per class (${demo.testPerClass})
  --threads <n>       CPU threads; 0 lets LibTorch choose (${demo.threads})
  --device <name>     cpu or cuda (${demo.device})
  --seed <n>          of everything (${demo.seed})
  --json <file>       also writes everything as JSON
`;

/** The options of the command line, checked; null where help was asked for. */
function readOptions() {
  const flags = readFlags(HELP, process.argv.slice(2));
  if (flags === null) return null;
  const {values, list, number} = flags;
  return {
    kinds: list('kinds', ATTACK_KINDS, ATTACK_KINDS),
    recipe: values.recipe ?? 'demo',
    epochs: number('epochs', undefined),
    poisonRate: number('poison-rate', demo.poisonRate),
    rounds: number('rounds', demo.rounds),
    size: number('size', demo.size),
    width: number('width', demo.width),
    trainPerClass: number('train', demo.trainPerClass),
    testPerClass: number('test', demo.testPerClass),
    device: values.device ?? demo.device,
    threads: number('threads', demo.threads),
    seed: number('seed', demo.seed),
    json: values.json ?? null,
  };
}

/** How the victim is trained: as in the demo, or by a recipe; what the user gives comes before the attack's settings. */
function optionsOf(kind, {recipe, epochs}) {
  const {options} = ATTACK_SETTINGS[kind];
  const given = epochs === undefined ? {} : {epochs};
  if (recipe !== 'demo') {
    const {epochs: _, ...others} = options;
    return {recipe, ...others, ...given};
  }
  const {learningRate, trainBatchSize: batchSize} = demo;
  return {epochs: demo.epochs, learningRate, batchSize, ...options, ...given};
}

/** Images whose label stays are of one class, hence there are no more of them. */
function poisonRateOf(kind, {poisonRate}) {
  const [mode] = ATTACK_TABLE[kind].labelModes;
  return mode === 'cleanLabel' ? Math.min(poisonRate, 1 / CLASSES) : poisonRate;
}

/** {kind, before, after, der, seconds}, or {kind, failure} with the error that the user would see. */
async function measure(kind, folder, data, options) {
  const {device, threads, seed, size, width, rounds} = options;
  const run = {device, threads, seed};
  const start = performance.now();
  try {
    const poisonRate = poisonRateOf(kind, options);
    const {record, metrics: before} = await attack({
      ...{kind, data, imageSize: size, mean: HALF, std: HALF, poisonRate, ...run},
      out: join(folder, 'record', kind),
      model: `preactresnet18_w${width}`,
      cropPadding: 0,
      evalEvery: 0,
      saveEvery: 0,
      ...optionsOf(kind, options),
    });
    const {after} = await defend({
      ...{ckpt: record, clean: demo.clean, rounds, evalEvery: 0, ...run},
      batchSize: demo.batchSize,
      learningRate: demo.defenseLearningRate,
    });
    const der = defenseEffectivenessRating(before, after);
    return {kind, poisonRate, before, after, der, seconds: (performance.now() - start) / 1000};
  } catch (error) {
    return {kind, failure: {code: error.code ?? 'ERR_UNEXPECTED', message: error.message}};
  }
}

const percent = (fraction) => (fraction === null ? '-' : `${(100 * fraction).toFixed(1)}`);

function rowOf({kind, failure, poisonRate, before, after, der, seconds}) {
  if (failure !== undefined) {
    const words = failure.message.split('\n')[0].replaceAll('|', '\\|');
    return [kind, '-', '-', '-', '-', '-', '-', '-', '-', `${failure.code}: ${words}`];
  }
  const rates = [before.acc, before.asr, after.acc, after.asr, after.ra, der].map(percent);
  return [
    kind,
    percent(poisonRate),
    ...rates,
    seconds.toFixed(0),
    ATTACK_SETTINGS[kind].note ?? '',
  ];
}

function tableOf(rows) {
  const head = 'attack|poison %|ACC before|ASR before|ACC after|ASR after|RA after|DER|s|note';
  const lines = [head.split('|'), head.split('|').map(() => '---'), ...rows.map(rowOf)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function main() {
  const options = readOptions();
  if (options === null) return console.log(HELP);
  const log = (text) => process.stderr.write(`${text}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'sau-bench-attacks-'));
  const rows = [];
  try {
    const data = join(folder, 'data', 'synthetic');
    const {seed, size, trainPerClass, testPerClass} = options;
    await writeSyntheticImages(data, {seed, size, trainPerClass, testPerClass});
    for (const kind of options.kinds) {
      log(`${kind} ...`);
      rows.push(await measure(kind, folder, data, options));
    }
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
  const {recipe, trainPerClass, testPerClass, size, width, rounds, seed} = options;
  console.log(
    `${trainPerClass * CLASSES} synthetic training and ${testPerClass * CLASSES} test images of ` +
      `${size}x${size}, PreAct-ResNet18 of width ${width}, training "${recipe}", ${rounds} rounds of ` +
      `SAU on ${demo.clean} clean images, seed ${seed}; rates in percent.\n`,
  );
  console.log(tableOf(rows));
  if (options.json !== null) {
    await writeFile(options.json, `${JSON.stringify({options, rows}, null, 2)}\n`);
  }
  if (rows.some(({failure}) => failure !== undefined)) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`attacks: ${error.message}`);
  process.exitCode = 1;
});
