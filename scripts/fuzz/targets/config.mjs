import {mutateYaml} from '../formats/text.mjs';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';

const {readOptionFile, layerOfYaml} = packageModule('options/official_yaml');
const {officialNames} = packageModule('options/official');
const {tableOf} = packageModule('options/option');
const {mergeLayers} = packageModule('options/layers');
const {parseAttackConfig, parseDefendConfig, parseEvaluateConfig, parseScanConfig} =
  packageModule('options/config');
const {parseCompareConfig} = packageModule('compare/config');
const {parsePlan} = packageModule('sweep/plan');
const {stepsOf} = packageModule('sweep/steps');
const {DEFEND} = packageModule('options/commands/defend');
const {SAU} = packageModule('defenses/sau');
const {defenseTable} = packageModule('defenses/defenses');

const TABLE = {...tableOf(DEFEND), ...defenseTable('sau')};
const NAMES = officialNames(TABLE, SAU.ignored);

const SEEDS = [
  'device: cpu\nepochs: 20\nratio: 0.05\nlr: 1e-4\nbatch_size: 256\nclient_optimizer: adam\ndataset: cifar10\n',
  'dataset_path: ../data\nlr_scheduler: CosineAnnealingLR\nadv_steps: 5\nindex: null\nbeta_1: 0.01\nprefetch: true\n',
  'ckpt: record/a\nmethod: sau\nrounds: 3\nclean: 5pct\nmean: [0.5, 0.5, 0.5]\nadamBetas: [0.9, 0.999]\n',
  'kind: badnet\ndata: x\nmodel: preactresnet18\ntargetLabel: 0\npoisonRate: 0.1\nepochs: 2\nschedule: cosine\n',
  'ckpt: a\nmethods: [sau, ft]\nseeds: [0, 1]\nset: {sau: {rounds: 1}, every: {learningRate: 0.1}}\n',
  'attacks: [badnet, {blended: {trainAlpha: 0.3}}]\ndata: [cifar10]\nseeds: {attack: [0], defend: [0, 1]}\ndefenses: [sau]\nexclude: [{seed: 1}]\n',
  '{"ckpt": "a", "threads": 1, "classes": [0, 1], "statistics": ["nc"], "imageSize": 32}\n',
];

const PARSERS = [
  parseDefendConfig,
  parseAttackConfig,
  parseEvaluateConfig,
  parseScanConfig,
  parseCompareConfig,
  (plan) => stepsOf(parsePlan(plan), {threads: 1}),
];

/** As the command line does: by the official tool's names and ours. */
function parseOfficial(file) {
  const {options, notes} = mergeLayers(
    [layerOfYaml(file, NAMES, Object.keys(TABLE))],
    (name) => name,
  );
  expectThat(
    notes.every((note) => typeof note === 'string'),
    'notes',
  );
  return parseDefendConfig(options);
}

/** The length of the file chooses one of the readers: all of them together take long. */
async function readConfig(bytes, folder) {
  let file;
  const read = async () => {
    file = await readOptionFile(inputIn(folder));
  };
  if ((await outcomeOf(read)) === 'refused') return 'refused';
  const parse = PARSERS[(bytes.length >> 1) % PARSERS.length];
  return outcomeOf(() => (bytes.length % 2 === 0 ? parseOfficial(file) : parse(file.values)));
}

const target = {
  name: 'config',
  mostBytes: 1 << 20,
  seeds: async () => SEEDS.map((text) => Buffer.from(text)),
  mutate: mutateYaml,
  run: readConfig,
};

export const TARGETS = [target];
