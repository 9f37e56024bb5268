// How long loading photographs takes, beside torchvision's ImageFolder with as many workers as there are cores.
import {execFile} from 'node:child_process';
import {mkdir, symlink} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import sharp from 'sharp';
import {findPython} from './python.mjs';
import {median} from './statistics.mjs';
import {CLOCKS, CORES, machineFacts, runTool, table} from './tool.mjs';

/** [name, side of the result, resize, crop, interpolation] */
const TRANSFORMS = [
  ['as they are', 256, 'none', 'none', 'bilinear'],
  ['to 224x224', 224, '224x224', 'none', 'bilinear'],
  ['256, middle 224', 224, '256', '224', 'bilinear'],
  ['to 224x224, bicubic', 224, '224x224', 'none', 'bicubic'],
];
const SIDE = 256;
const CLASSES = 10;

const HELP = `Loads JPEGs of ${SIDE} pixels here and with torchvision's ImageFolder, in pairs; prints a Markdown table.

  node scripts/bench/photographs.mjs [options]

  --data <dir>        image folder with train/, in which all images have ${SIDE} x ${SIDE} pixels (drawn)
  --images <n>        images to draw (10000)
  --pairs <n>         pairs of runs of each transform (3)
  --clock <name>      wall or cpu: what is compared (wall); cpu beside other work
  --python <path>     Python with torch, torchvision, numpy and pillow (one is made)
  --json <file>       also writes everything as JSON
`;

function parse({values, integer, choice}) {
  return {
    data: values.data ?? null,
    images: integer('images', 10_000),
    pairs: integer('pairs', 3),
    clock: choice('clock', CLOCKS),
    python: values.python ?? null,
  };
}

/** JPEGs of blurred noise, which are about as long as photographs of that size. */
async function drawImages(folder, count) {
  const {data: noise} = await sharp({
    create: {
      ...{width: 2 * SIDE, height: 2 * SIDE, channels: 3, background: 'gray'},
      noise: {type: 'gaussian', mean: 128, sigma: 90},
    },
  })
    .blur(1.6)
    .raw()
    .toBuffer({resolveWithObject: true});
  const raw = {width: 2 * SIDE, height: 2 * SIDE, channels: 3};
  for (let i = 0; i < CLASSES; i++)
    await mkdir(join(folder, 'train', `class${i}`), {recursive: true});
  for (let i = 0; i < count; i++) {
    await sharp(noise, {raw})
      .extract({left: (i * 7) % SIDE, top: (i * 13) % SIDE, width: SIDE, height: SIDE})
      .jpeg({quality: 90})
      .toFile(join(folder, 'train', `class${i % CLASSES}`, `${String(i).padStart(6, '0')}.jpg`));
  }
  await symlink(join(folder, 'train'), join(folder, 'test'));
}

const run = promisify(execFile);

async function answerOf(command, args) {
  const {stdout} = await run(command, args.map(String), {
    env: {...process.env, OMP_NUM_THREADS: '1'},
  });
  return JSON.parse(stdout);
}

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

async function measure({data, images, pairs, python: given, clock}, temporary, log) {
  const python = findPython(given, log);
  const folder = data === null ? join(temporary, 'photographs') : resolve(data);
  if (data === null) {
    log(`drawing ${images} images ...`);
    await drawImages(folder, images);
  }
  const rows = [];
  for (const [name, side, ...transform] of TRANSFORMS) {
    const runs = [];
    for (let pair = 0; pair < pairs; pair++) {
      log(`${name}, pair ${pair + 1} of ${pairs} ...`);
      const train = join(folder, 'train');
      const theirs = await answerOf(python, [beside('photographs.py'), train, CORES, ...transform]);
      const worker = [beside('photographs_worker.mjs'), folder, side, ...transform];
      runs.push({theirs, ours: await answerOf(process.execPath, worker)});
    }
    rows.push({name, runs});
  }
  return {machine: machineFacts(), clock, rows};
}

function report({machine, clock, rows}) {
  const key = clock === 'cpu' ? 'cpuSeconds' : 'seconds';
  const perImage = (runs) => median(runs.map((one) => (1000 * one[key]) / one.count)).toFixed(2);
  const most = (runs, name) => Math.max(...runs.map(({ours}) => ours[name])).toFixed(0);
  const head = `transform|here, ${clock} ms an image|ImageFolder|faster|timer late, ms|thread busy, ms`;
  const lines = rows.map(({name, runs}) => [
    name,
    perImage(runs.map(({ours}) => ours)),
    perImage(runs.map(({theirs}) => theirs)),
    median(runs.map(({ours, theirs}) => theirs[key] / ours[key])).toFixed(2),
    most(runs, 'lateMs'),
    most(runs, 'busyMs'),
  ]);
  return [
    `${rows[0].runs[0].ours.count} JPEGs of ${SIDE} x ${SIDE} pixels; ${machine.cpu}, ${machine.cores} cores, load ${machine.load.toFixed(1)}.`,
    '',
    ...table(head.split('|'), lines),
  ].join('\n');
}

runTool('photographs', {help: HELP, parse, measure, report});
