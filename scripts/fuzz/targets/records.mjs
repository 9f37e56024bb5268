import {copyFileSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {mutateBytes} from '../formats/bytes.mjs';
import {mutateJson} from '../formats/json.mjs';
import {mutateTable} from '../formats/text.mjs';
import {ofVariants} from '../formats/variants.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {FIXTURES, packageModule} from '../package.mjs';

const {readRun} = packageModule('records/run');
const {readScan} = packageModule('records/scan_file');
const {readEvidence} = packageModule('records/evidence');
const {readRecordNotes, readRecordTransform} = packageModule('records/record_notes');
const {COMPARISON, DEFENSE, RECORD, RUN, SCAN_FILES} = packageModule('records/layout');
const {readPlan} = packageModule('compare/plan');
const {methodTables} = packageModule('report/method_files');
const {readBatchOrder} = packageModule('defenses/batch_order');
const {chooseCleanSubset, parseCleanSpec} = packageModule('datasets/clean_subset');
const {TABLES} = packageModule('records/layout');
const {DEFENSE_NAMES, defenseOf} = packageModule('defenses/defenses');

const METRICS = {
  ...{acc: 0.9, asr: 1, ra: 0, cleanLoss: 0.5, poisonedLoss: null, raLoss: 2},
  ...{cleanCount: 100, poisonedCount: 90},
};
const ROUND = {round: 0, seconds: 1, figures: {loss: 2}, metrics: METRICS};
const VERSIONS = {sauNative: '0.1.0', node: '22.0.0', libtorch: '2.9.0', libtorchCuda: null};
const DATASET = {
  ...{name: 'cifar10', path: 'data', format: 'cifar10-binary', classTitles: ['a', 'b']},
  ...{imageSize: [32, 32], mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2]},
};
const RUN_JSON = {
  ...{schemaVersion: 1, kind: 'defend', method: 'sau', versions: VERSIONS},
  ...{started: '2026-11-27T19:00:00.000Z', seconds: 12, device: 'cpu', precision: 'fp32', seed: 0},
  ...{
    options: {rounds: 1},
    checkpoint: {path: 'a.pt', sha256: 'a'},
    result: {path: 'b.pt', sha256: 'b'},
  },
  ...{model: 'preactresnet18', numClasses: 10, dataset: DATASET},
  ...{cleanSubset: {count: 20, chosen: '20', sha256: 'c'}, poisoned: {train: 1, test: 2}},
  ...{
    before: METRICS,
    rounds: [ROUND],
    after: METRICS,
    der: 0.9,
    verdict: null,
    completedRounds: 1,
  },
  ...{interrupted: false, selection: 'last', passes: {forward: 3, backward: 2}, stopped: null},
  ...{
    cost: {methodSeconds: 10, peakMemoryBytes: 2 ** 29},
    files: {checkpoint: 'defense_result.pt'},
  },
};
const OLD_DEFENSE = {
  versions: {sauNative: '0.0.9', node: '20.0.0'},
  config: {
    ...{seed: 0, rounds: 1, clean: '5pct', model: 'preactresnet18', numClasses: 10, imageSize: 32},
    ...{mean: [0, 0, 0], std: [1, 1, 1], device: 'cpu', precision: 'fp32'},
  },
  ...{
    checkpoint: 'a.pt',
    dataset: 'data',
    cleanImages: 20,
    completedRounds: 1,
    before: METRICS,
    after: METRICS,
  },
};
const NOTES = {
  ...{
    versions: VERSIONS,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    resize: '256',
    crop: 224,
    interpolation: 'bicubic',
  },
  config: {
    kind: 'badnet',
    seed: 0,
    model: 'preactresnet18',
    data: 'data',
    imageSize: 32,
    numClasses: 10,
  },
  epochs: 1,
};
const OLD_ROUND = {
  ...{
    round: 0,
    loss: 1,
    cleanLoss: 1,
    sharedLoss: null,
    suspectShare: 0,
    trainAcc: 0.5,
    metrics: null,
  },
  ...{attack: {loss: 1}, seconds: 1},
};
const PASSES = {forward: 1, backward: 1};
const STATISTIC = {
  ...{name: 'nc', title: 'x', suspicious: 'small', scale: 'linear'},
  classes: [{label: 0, title: null, value: 1, index: 'infinite', figures: {x: null}}],
  ...{maxIndex: 1, maxIndexOfMeanMedian: null, pValue: 0.5},
  threshold: {kind: 'index', value: 2, calibration: 'x'},
  ...{decides: true, labels: [0], notes: [], passes: PASSES, seconds: 1},
};
const SCAN = {
  ...{schemaVersion: 1, kind: 'scan', started: 'x', versions: VERSIONS, seed: 0},
  ...{
    checkpoint: {path: 'a', sha256: null},
    model: 'x',
    numClasses: 10,
    dataset: DATASET,
    cleanSubset: null,
  },
  ...{
    device: 'cpu',
    precision: 'fp32',
    options: {},
    statistics: [STATISTIC],
    passes: PASSES,
    seconds: 1,
  },
  ...{verdict: {state: 'suspicious', labels: [0], by: ['nc'], words: 'x'}, files: {a: 'b'}},
};
const PNG = 'data:image/png;base64,AAAA';
const EVIDENCE_OF = {checkpoint: 'a', result: 'b'};
const pair = (value) => ({before: value, after: value});
const SHOWN = {image: PNG, label: 0, predicted: pair(1)};
const EVIDENCE = {
  ...{schema: 1, of: EVIDENCE_OF, clean: {total: [1], recognized: pair([1])}},
  poisoned: {
    ...{targets: [0], total: [1], hits: pair([1]), recognized: pair([0])},
    ...{predicted: pair([1]), confusion: pair([[1]])},
  },
  strip: {clean: [SHOWN], poisoned: [SHOWN], adversarial: [SHOWN]},
  looks: [{kind: 'clean', label: 0, predicted: pair(0), image: pair(PNG)}],
  map: pair({explained: [0.5, 0.1], clean: [[0, 1, 2]], poisoned: []}),
  missing: [],
};
const PLAN = {
  schemaVersion: 1,
  checkpoint: {path: 'a', sha256: 'b'},
  runs: [{method: 'sau', seed: 0, options: {rounds: 1}, failure: null}],
};

/** A folder of its own, empty but for the file. */
function folderWith(parent, files) {
  const folder = join(parent, 'record');
  rmSync(folder, {recursive: true, force: true});
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const seedOf = (value) => async () => [Buffer.from(JSON.stringify(value))];

/** A JSON file of a folder that `read` opens. */
function json(file, value, read, check = () => undefined, others = {}) {
  return {
    seeds: seedOf(value),
    mutate: mutateJson,
    run: (content, parent) => {
      const folder = folderWith(parent, {...others, [file]: content});
      return outcomeOf(
        () => read(folder),
        (given) => check(given, content),
      );
    },
  };
}

/** What is read is JSON again. */
function checkPlain(value) {
  expectThat(typeof JSON.stringify(value) === 'string', 'plain JSON');
}

async function readBothNotes(folder) {
  const [notes, transform] = await Promise.all([
    readRecordNotes(folder),
    readRecordTransform(folder),
  ]);
  return {notes, transform};
}

const lines = (value) => `${JSON.stringify(value)}\n`;

/** The lines of rounds of a folder of an older version. */
const rounds = {
  seeds: async () => [Buffer.from(lines(ROUND) + lines(OLD_ROUND))],
  mutate: (random, bytes, context) => {
    const all = bytes.toString('utf8').split('\n');
    const i = random.below(all.length);
    all[i] = mutateJson(random, Buffer.from(all[i]), context).toString('utf8');
    return random.chance(0.2) ? mutateBytes(random, bytes, context) : Buffer.from(all.join('\n'));
  },
  run: (content, parent) => {
    const config = JSON.stringify(OLD_DEFENSE);
    const folder = folderWith(parent, {[DEFENSE.config]: config, [RUN.rounds]: content});
    return outcomeOf(() => readRun(folder), checkPlain);
  },
};

/** The notes of an attack of an older version, with its record. */
const olderAttack = {
  seeds: seedOf(NOTES),
  mutate: mutateJson,
  run: (content, parent) => {
    const folder = folderWith(parent, {[RECORD.notes]: content, [RUN.rounds]: lines(ROUND)});
    copyFileSync(join(FIXTURES, 'checkpoint/attack_result.pt'), join(folder, RECORD.result));
    return outcomeOf(() => readRun(folder), checkPlain);
  },
};

const METHOD = DEFENSE_NAMES.find((name) => defenseOf(name).tables !== undefined);
const [TABLE] = Object.keys(defenseOf(METHOD).tables);

/** The tables that the report shows. */
const csv = {
  seeds: async () => [Buffer.from(',a,b\n0,1,"x, ""y"""\n1,2,\r\n')],
  mutate: mutateTable(','),
  run: (content, parent) => {
    const folder = folderWith(parent, {[TABLES[TABLE]]: content});
    return outcomeOf(
      () => methodTables(folder, METHOD),
      (tables) =>
        expectThat(
          tables.every(({rows}) => rows.length <= 100),
          'rows of a table',
        ),
    );
  },
};

const COUNT = 8;
const order = json(
  'order.json',
  [0, 1, 2, 3, 4, 5, 6, 7],
  (folder) => readBatchOrder(join(folder, 'order.json'), 1, COUNT),
  checkIndices,
);

function checkIndices(indices) {
  expectThat(
    indices.every((index) => index >= 0 && index < COUNT),
    'indices of the images',
  );
}

const cleanIndices = {
  seeds: async () => [Buffer.from('0 1 2\n3 7\n')],
  mutate: mutateTable(' '),
  run: (content, parent) => {
    const folder = folderWith(parent, {'index.txt': content});
    return outcomeOf(
      () => chooseCleanSubset(parseCleanSpec(join(folder, 'index.txt')), COUNT, 0),
      ({indices}) => checkIndices(indices),
    );
  },
};

export const TARGETS = [
  ofVariants('run-json', [
    json(RUN.summary, RUN_JSON, readRun, checkPlain),
    json(DEFENSE.config, OLD_DEFENSE, readRun, checkPlain),
    rounds,
    olderAttack,
    json(COMPARISON.summary, PLAN, readPlan, checkPlain),
  ]),
  ofVariants('notes-json', [
    json(RECORD.notes, NOTES, readBothNotes, checkPlain),
    json(SCAN_FILES.summary, SCAN, readScan, checkPlain),
    json(RUN.evidence, EVIDENCE, (folder) => readEvidence(folder, EVIDENCE_OF), checkPlain),
  ]),
  ofVariants('lists', [csv, order, cleanIndices]),
];
