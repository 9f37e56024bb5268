// Runs every attack against the defense, on synthetic images and a narrow network. It does not reproduce the
// paper's figures; it shows whether each attack plants its backdoor and whether the defense removes it.
import {join} from 'node:path';
import {ATTACK_SETTINGS} from './attack_settings.mjs';
import {
  ATTACK_KINDS,
  ATTACK_TABLE,
  attack,
  DEMO_DEFAULTS,
  defend,
  defenseEffectivenessRating,
  writeSyntheticImages,
} from './package.mjs';
import {runTool, table} from './tool.mjs';

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

function parse({values, list, number}) {
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
  };
}

/** How the victim is trained: as in the demo, or by a recipe. The user's options win over the attack's settings. */
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

/** A clean-label attack poisons images of one class, which limits their number. */
function poisonRateOf(kind, {poisonRate}) {
  const [mode] = ATTACK_TABLE[kind].labelModes;
  return mode === 'cleanLabel' ? Math.min(poisonRate, 1 / CLASSES) : poisonRate;
}

/** Returns {kind, before, after, der, seconds}, or {kind, failure} with the error that the user would see. */
async function measureKind(kind, folder, data, options) {
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

async function measure(options, temporary, log) {
  const {seed, size, trainPerClass, testPerClass} = options;
  const data = join(temporary, 'data', 'synthetic');
  await writeSyntheticImages(data, {seed, size, trainPerClass, testPerClass});
  const rows = [];
  for (const kind of options.kinds) {
    log(`${kind} ...`);
    rows.push(await measureKind(kind, temporary, data, options));
  }
  return {options, rows};
}

function report({options, rows}) {
  const {recipe, trainPerClass, testPerClass, size, width, rounds, seed} = options;
  const head = 'attack|poison %|ACC before|ASR before|ACC after|ASR after|RA after|DER|s|note';
  return [
    `${trainPerClass * CLASSES} synthetic training and ${testPerClass * CLASSES} test images of ` +
      `${size}x${size}, PreAct-ResNet18 of width ${width}, training "${recipe}", ${rounds} rounds of ` +
      `SAU on ${demo.clean} clean images, seed ${seed}; rates in percent.`,
    '',
    ...table(head.split('|'), rows.map(rowOf)),
  ].join('\n');
}

function failuresOf({rows}) {
  return rows
    .filter(({failure}) => failure !== undefined)
    .map(({kind, failure}) => `${kind}: ${failure.code}: ${failure.message}`);
}

await runTool('attacks', {help: HELP, parse, measure, report, failuresOf});
