import {basename} from 'node:path';
import type {AttackContext} from '../attacks/attack_context.js';
import {makeTriggers} from '../attacks/attacks.js';
import {attackLabelOf, choosePoisonedIndices, poisonTestSelection} from '../attacks/poison.js';
import {applyTrigger, type Trigger, withPoisoned} from '../attacks/trigger.js';
import {firstImages, type ImageSet} from '../datasets/image_set.js';
import type {DataAttackConfig} from '../options/types.js';
import {readCheckpoint} from '../records/read_checkpoint.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import {createSession} from '../session/open_session.js';
import {tellTrainingTime} from '../time/plan_training.js';
import type {OpenedAttack} from './opened_attack.js';
import {initializeVictim} from './pretrained.js';
import {trainOptions} from './training.js';

/** An attack that poisons the images before the training. */
type OpenedDataAttack = OpenedAttack & {readonly config: DataAttackConfig};

/** An attack whose images are poisoned. */
export interface PreparedAttack extends OpenedAttack {
  readonly poison: Poison;
}

/** A data set with an attack's trigger in it. */
export type Poison = Awaited<ReturnType<typeof poisonDataset>>;

async function poisonDataset(attack: OpenedDataAttack, run: RunOptions) {
  const {config, dataset, mode} = attack;
  const {numClasses} = dataset;
  const {signal} = run;
  const labelOf = (label: number): number => attackLabelOf(label, mode, numClasses);
  const load = () => ({signal, onImages: imageCounter(run, 'reading')});
  const clean = await dataset.loadTrain(undefined, load());
  const test = await dataset.loadTest(undefined, load());
  const poisonedIndices = choosePoisonedIndices({
    labels: clean.labels,
    amount:
      config.poisonCount === null
        ? {kind: 'rate', rate: config.poisonRate}
        : {kind: 'count', count: config.poisonCount},
    mode,
    seed: config.seed,
  });
  const sets = {train: clean, test, poisoned: poisonedIndices};
  const triggers = await makeTriggers(config, attackContext(attack, sets, run));
  const poison = (set: ImageSet, positions: Int32Array, trigger: Trigger): Promise<ImageSet> =>
    applyTrigger(set, positions, {trigger, labelOf, onImages: imageCounter(run, 'poisoning')});
  const poisonedTrain = await poison(clean, poisonedIndices, triggers.train);
  const selection = poisonTestSelection(test.labels, mode);
  const poisonedTest = await poison(test, selection, triggers.test);
  const limit = config.testLimit ?? test.count;
  return {
    train: await withPoisoned(clean, poisonedIndices, poisonedTrain),
    poisonedTrain,
    /** Positions of the images in `train` that have the trigger. */
    poisonedIndices,
    poisonedCount: poisonedTrain.count,
    picture: triggers.picture,
    /** The whole poisoned test set, for the record. */
    poisonedTest,
    testCount: test.count,
    /** The test sets for measuring the victim. */
    cleanTest: await firstImages(test, limit),
    measuredTest: await firstImages(poisonedTest, selection.filter((i) => i < limit).length),
  };
}

function attackContext(
  {config, dataset, model, program, scale}: OpenedAttack,
  sets: Pick<AttackContext, 'train' | 'test' | 'poisoned'>,
  run: RunOptions,
): AttackContext {
  const {height, width, numClasses} = dataset;
  const {targetLabel, seed} = config;
  const openSession = (classes: number) =>
    createSession({
      ...{...config, ...scale, model, program},
      numClasses: program?.numClasses ?? classes,
      purpose: 'training',
    });
  return {
    ...sets,
    ...{targetLabel, seed, run, openSession},
    size: {height, width},
    async cleanModel(path) {
      if (path !== null) return (await readCheckpoint(path)).stateDict;
      run.onProgress?.({kind: 'stage', message: 'training a clean model'});
      using session = await openSession(numClasses);
      await initializeVictim(session, program);
      const options = {
        ...trainOptions(config, dataset.name ?? basename(dataset.path)),
        evalEvery: 0,
      };
      const training = {options, attack: null, saveEvery: 0};
      const tests = {cleanTest: null, poisonedTest: null};
      await tellTrainingTime(
        {session, config, train: sets.train, tests, training, epochsDone: 0},
        run,
      );
      await session.setImages('train', sets.train);
      await session.train(options, run);
      return await session.exportStateDict();
    },
  };
}

/** Reads and poisons the images. Throws ERR_DATASET, and ERR_CONFIG for options that do not fit them. */
export async function prepareAttack(
  attack: OpenedDataAttack,
  run: RunOptions,
): Promise<PreparedAttack> {
  return {...attack, poison: await poisonDataset(attack, run)};
}
