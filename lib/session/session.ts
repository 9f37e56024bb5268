import {requireObject} from '../base/typed_array.js';
import {matchStateDict} from '../checkpoint/state_dict.js';
import {checkTensors, type StateDict} from '../checkpoint/tensor.js';
import {isMapped} from '../datasets/image_memory.js';
import type {ImageSet} from '../datasets/image_set.js';
import {polarizerPlace} from '../models/polarized.js';
import type {
  NativeAdversarialOptions,
  NativeLfOptions,
  NativeLfPattern,
  NativePicture,
  NativePoisonedImages,
  NativeStegaImages,
  NativeStegaOptions,
  NativeTrainingAttack,
  NativeTrojanOptions,
  NativeTrojanTrigger,
  PoisonedRole,
} from '../native/attack_contract.js';
import type {NativeSession, PrecisionName} from '../native/contract.js';
import type {ImageRole, ModelRole, NativeCam, NativeTensors} from '../native/data_contract.js';
import type {
  NativeDefendOptions,
  NativeOuterGradient,
  NativePgdOptions,
  NativeSauLossOptions,
  NativeTrainOptions,
  StopReason,
} from '../native/run_contract.js';
import type {NativeScanFindings, NativeScanOptions} from '../native/scan_contract.js';
import type {Program} from '../programs/program.js';
import {weightsForProgram, withTiedWeights} from '../programs/weights.js';
import type {Metrics} from '../run/metrics.js';
import type {RunOptions} from '../run/progress.js';
import type {Passes, RoundReport} from '../run/results.js';
import type {Run} from '../run/run.js';
import {
  checkBatchOrder,
  checkClasses,
  checkDefendOptions,
  checkDelta,
  checkEvaluateOptions,
  checkImages,
  checkIndices,
  checkPgdOptions,
  checkPicture,
  checkPoisonedPositions,
  checkScanOptions,
  checkSecret,
  checkTrainOptions,
  type ImageSize,
  sizeOf,
} from './arguments.js';
import {type Relay, SessionJobs, toMetrics} from './jobs.js';
import type {RoundMeasuring} from './pace.js';

/** Options of {@link Session.train}. The epochs of a call are an argument of their own. */
export type TrainOptions = Omit<NativeTrainOptions, keyof TrainingPart>;

/** Epochs of a training, 0-based: from `firstEpoch` to before `stopEpoch`. */
export type TrainingPart = Pick<NativeTrainOptions, 'firstEpoch' | 'stopEpoch'>;

/** How a {@link Session.defend} goes on later. */
export interface DefenseKeeping {
  /** What an equal defense has left; empty: it begins. */
  readonly state?: StateDict;
  /** Is told each state, after the reports of what it is the state of, and the seconds that copying it took. */
  readonly onState?: (state: StateDict, seconds: number) => void;
}

/**
 * Two models and image sets resident on a device. One job at a time: a second call while busy rejects
 * with ERR_BUSY, a call after {@link dispose} with ERR_DISPOSED. Typed arrays that are passed in must not
 * change until the promise settles.
 */
export class Session implements Disposable {
  readonly #native: NativeSession;
  readonly #jobs: SessionJobs;
  readonly #program: Program | null;
  /** Sizes of the images that were set, by role. */
  readonly #sizes = new Map<ImageRole, ImageSize>();
  /** Images in mapped files by role, which are not copied: they live as long as the session works on them. */
  readonly #held = new Map<ImageRole, Uint8Array | null>();
  #passes: Passes | null = null;
  #stopped: StopReason | null = null;
  /** The device in use, such as `cpu` or `cuda:0`. */
  readonly device: string;
  /** The arithmetic in use, `auto` resolved. */
  readonly precision: PrecisionName;

  /** Use {@link createSession}. */
  constructor(
    native: NativeSession,
    device: string,
    precision: PrecisionName,
    program: Program | null = null,
  ) {
    this.#native = native;
    this.#program = program;
    this.#jobs = new SessionJobs(native);
    this.device = device;
    this.precision = precision;
  }

  /** True while a job runs or waits for its turn. */
  get busy(): boolean {
    return this.#native.busy;
  }

  /** What the last {@link defend} has cost, without its measurements; null before it has ended. */
  get passes(): Passes | null {
    return this.#passes;
  }

  /** Why the last {@link defend} ended before its last round; null where it did not. */
  get stopped(): StopReason | null {
    return this.#stopped;
  }

  /**
   * Fills one model or both with weights. A model has a polarizer (models E7) from then on where they have one. Returns
   * the weights that had to be renamed, as [name in the file, name in the model]. Throws ERR_CHECKPOINT, which lists missing and extra weights and those of a wrong shape.
   */
  async loadStateDict(
    state: StateDict,
    models: ModelRole | 'both' = 'both',
  ): Promise<readonly (readonly [string, string])[]> {
    checkTensors(state);
    const hasPolarizer = polarizerPlace(state) !== null;
    const layout = await this.#jobs.run(() => this.#native.layout(hasPolarizer));
    const own = this.#program === null ? state : weightsForProgram(this.#program, state);
    const {tensors, renamed} = await matchStateDict(own, layout);
    await this.#jobs.run(() => this.#native.loadStateDict(tensors, models));
    return renamed;
  }

  /** Fresh weights from the session's seed in both models. */
  initialize(): Promise<void> {
    return this.#jobs.run(() => this.#native.initialize());
  }

  /**
   * Copies an image set to the device under a role. Images in a mapped file are not copied: the session keeps them
   * and brings batches to the device. Throws ERR_DATASET for labels out of range.
   */
  async setImages(role: ImageRole, set: ImageSet): Promise<void> {
    requireObject(set, 'the images');
    checkImages(set);
    const {images} = set;
    const held = isMapped(images) ? images : null;
    await this.#jobs.run(() => this.#native.setImages(role, {...set, isMapped: held !== null}));
    this.#held.set(role, held);
    this.#sizes.set(role, sizeOf(set));
  }

  /**
   * The rounds of a defense on the trainee, over the role `cleanSubset`; with `patience` those until nothing changes
   * for the role `heldOut`. Evaluates on `cleanTest` and
   * `poisonedTest`. Returns the reports of all rounds. Throws ERR_CONFIG for an unknown method, ERR_DIVERGED.
   * After an abort the trainee keeps the weights of its last finished step. With `keeping.state` it goes on from
   * what an equal defense has left, in a session with the same options, weights and images; it then returns the
   * reports of the rounds that were left, and throws ERR_CHECKPOINT for the state of another one.
   */
  defend(
    options: NativeDefendOptions,
    run: RunOptions = {},
    {state = new Map(), onState}: DefenseKeeping = {},
  ): Run<readonly RoundReport[]> {
    const start = (relay: Relay) => {
      requireObject(options, 'the options of defend');
      checkDefendOptions(options);
      checkBatchOrder(options, this.#sizes.get('cleanSubset'));
      checkTensors(state);
      this.#passes = null;
      this.#stopped = null;
      const job = {patience: 0, seconds: 0, saveEvery: 0, ...options};
      return this.#native.defend(job, toNativeTensors(state), (event) => {
        if (event.kind === 'passes') {
          this.#passes = {forward: event.forward, backward: event.backward};
        }
        if (event.kind === 'stopped') this.#stopped = event.because;
        if (event.kind === 'state') onState?.(toStateDict(event.tensors), event.seconds);
        relay(event);
      });
    };
    return this.#jobs.rounds(start, run, this.#measuring(options, 'cleanSubset'));
  }

  /**
   * Asks the running {@link defend} for its state, which it tells once, after the next round that `saveEvery`
   * allows.
   */
  requestState(): void {
    this.#native.requestState();
  }

  /**
   * Trains the trainee on the role `train`, or only the epochs `part`. Returns the reports of these epochs. Throws
   * ERR_DIVERGED, and ERR_CONFIG for a later part without a finished earlier one.
   */
  train(
    options: TrainOptions,
    run: RunOptions = {},
    part: TrainingPart = wholeTraining(options),
  ): Run<readonly RoundReport[]> {
    const start = (relay: Relay) => {
      requireObject(options, 'the options of train');
      checkTrainOptions({...options, ...part});
      checkPoisonedPositions(options, this.#sizes.get('train'));
      return this.#native.train({...options, ...part}, relay);
    };
    return this.#jobs.rounds(start, run, this.#measuring(options, 'train'));
  }

  /**
   * The state of a training so far, besides the trainee's weights: generator, optimizer and an attack on batches.
   * With this state and the weights, another session continues with an equal result.
   */
  async exportTraining(): Promise<StateDict> {
    return toStateDict(await this.#jobs.run(() => this.#native.exportTraining()));
  }

  /** Takes the state of {@link exportTraining}, from which the next part of the training continues. */
  async loadTraining(state: StateDict): Promise<void> {
    checkTensors(state);
    await this.#jobs.run(() => this.#native.loadTraining(toNativeTensors(state)));
  }

  /**
   * Training of the trainee over the clean images of the role `train`, or of it the epochs `part`, under an
   * attack that poisons each batch. Before each measurement the role `poisonedTest` is made anew from
   * `cleanTest`. Returns the reports of the epochs; the figure `trainAcc` is null in those that train the attack
   * alone. A later part without epochs only makes the attack again. Throws ERR_CONFIG where the images do
   * not suit the attack, ERR_DIVERGED.
   */
  trainAttack(
    options: TrainOptions,
    attack: NativeTrainingAttack,
    run: RunOptions = {},
    part: TrainingPart = wholeTraining(options),
  ): Run<readonly RoundReport[]> {
    const start = (relay: Relay) => {
      requireObject(options, 'the options of train');
      requireObject(attack, 'the attack');
      checkTrainOptions({...options, ...part}, attack);
      checkPoisonedPositions(options, this.#sizes.get('train'));
      return this.#native.trainAttack({...options, ...part}, attack, relay);
    };
    this.#sizes.delete('poisonedTest'); // made anew by the attack, which decides how many there are
    const measuring = this.#measuring(options, 'train');
    // Nearly all clean test images are measured again with the trigger, and all with the disturbance.
    return this.#jobs.rounds(start, run, {...measuring, images: 3 * measuring.images});
  }

  /**
   * Images of the role `cleanTest` or `train` as it is now, poisoned by the attack of the last {@link trainAttack}.
   * Throws ERR_CONFIG if there was none.
   */
  poisonImages(role: PoisonedRole, run: RunOptions = {}): Promise<NativePoisonedImages> {
    return this.#jobs.run(() => this.#native.poisonImages(role), run?.signal);
  }

  /** ACC, ASR, RA and losses on `cleanTest` and `poisonedTest`; null if a role has no images. */
  evaluate(model: ModelRole, batchSize: number, run: RunOptions = {}): Run<Metrics> {
    const options = {model, batchSize};
    const start = async (relay: Relay): Promise<Metrics> => {
      checkEvaluateOptions(options);
      return toMetrics(await this.#native.evaluate(options, relay));
    };
    return this.#jobs.measurement(start, run);
  }

  /** The class that a model assigns to each image of a role: [N]. */
  predict(model: ModelRole, role: ImageRole, run: RunOptions = {}): Promise<Int32Array> {
    return this.#jobs.run(() => this.#native.predict(model, role), run?.signal);
  }

  /**
   * What the last layer of a model takes for chosen images of a role: [n,F]. null of a program that does not end with a
   * linear layer.
   */
  features(
    model: ModelRole,
    role: ImageRole,
    indices: Int32Array,
    run: RunOptions = {},
  ): Promise<Float32Array | null> {
    return this.#jobs.run(() => {
      checkIndices(indices, this.#sizes.get(role));
      return this.#native.features(model, role, indices);
    }, run.signal);
  }

  /**
   * Where a model looks in chosen images of a role, by Grad-CAM of a class for each: at the end of its last stage
   * with more than one pixel, or at its tokens. null where the network has no such place.
   */
  gradCam(
    model: ModelRole,
    role: ImageRole,
    indices: Int32Array,
    classes: Int32Array,
    run: RunOptions = {},
  ): Promise<NativeCam | null> {
    return this.#jobs.run(() => {
      checkIndices(indices, this.#sizes.get(role));
      checkClasses(classes, indices.length);
      return this.#native.gradCam(model, role, indices, classes);
    }, run.signal);
  }

  /** Shared adversarial perturbation of chosen images of a role: [n,3,H,W] in pixel scale. */
  perturb(
    role: ImageRole,
    indices: Int32Array,
    pgd: NativePgdOptions,
    run: RunOptions = {},
  ): Promise<Float32Array> {
    return this.#jobs.run(() => {
      checkPgdOptions(pgd);
      checkIndices(indices, this.#sizes.get(role));
      return this.#native.perturb(role, indices, pgd);
    }, run?.signal);
  }

  /** Losses and gradient of one outer step at given perturbations; changes no weight. */
  outerGradient(
    role: ImageRole,
    indices: Int32Array,
    delta: Float32Array,
    options: NativeSauLossOptions,
  ): Promise<NativeOuterGradient> {
    return this.#jobs.run(() => {
      const size = this.#sizes.get(role);
      checkIndices(indices, size);
      checkDelta(delta, indices.length, size);
      return this.#native.outerGradient(role, indices, delta, options);
    });
  }

  /**
   * Changes a picture until it excites the most connected inputs of the trainee's final layer (specification B4.7).
   * Throws ERR_CONFIG for more neurons than the layer has.
   */
  trojanTrigger(
    start: NativePicture,
    options: NativeTrojanOptions,
    run: RunOptions = {},
  ): Run<NativeTrojanTrigger> {
    return this.#jobs.batches((relay) => {
      checkPicture(start);
      return this.#native.trojanTrigger(start, options, relay);
    }, run);
  }

  /**
   * A smooth pattern that changes the trainee's predictions, made from the images of `train` and measured on those
   * of `cleanTest` (specification B4.4).
   */
  lfPattern(options: NativeLfOptions, run: RunOptions = {}): Run<NativeLfPattern> {
    return this.#jobs.batches((relay) => this.#native.lfPattern(options, relay), run);
  }

  /** Untargeted PGD of the trainee on the images of `train`: uint8 [N,3,H,W] (specification B4.6). */
  adversarialImages(options: NativeAdversarialOptions, run: RunOptions = {}): Run<Uint8Array> {
    return this.#jobs.batches((relay) => this.#native.adversarialImages(options, relay), run);
  }

  /**
   * Trains a steganographic encoder on `train` and hides a secret, [bits] of 0 and 1, in the images of `train` and
   * `cleanTest`; uses no model (specification B4.5). Throws ERR_CONFIG for images whose sides are not multiples of
   * 16, and ERR_DIVERGED.
   */
  stegaImages(
    secret: Uint8Array,
    options: NativeStegaOptions,
    run: RunOptions = {},
  ): Run<NativeStegaImages> {
    return this.#jobs.batches((relay) => {
      checkSecret(secret);
      return this.#native.stegaImages(secret, options, relay);
    }, run);
  }

  /**
   * A statistic of a scan of the trainee, by class: of its logits alone, or with the images of
   * `cleanSubset`. Changes no weight. Throws ERR_DATASET where it needs images and there are none, ERR_DIVERGED.
   */
  scan(options: NativeScanOptions, run: RunOptions = {}): Run<NativeScanFindings> {
    return this.#jobs.batches((relay) => {
      checkScanOptions(options);
      return this.#native.scan(options, relay);
    }, run);
  }

  /** The weights of a model, in the model's order. */
  async exportStateDict(model: ModelRole = 'trainee'): Promise<StateDict> {
    const state = toStateDict(await this.#jobs.run(() => this.#native.exportStateDict(model)));
    return this.#program === null ? state : withTiedWeights(this.#program, state);
  }

  /** Of options that are not checked yet: programs without types may give none. */
  #measuring(options: {readonly evalEvery: number} | undefined, role: ImageRole): RoundMeasuring {
    const count = (of: ImageRole): number => this.#sizes.get(of)?.count ?? 0;
    const images = count('cleanTest') + count('poisonedTest');
    return {every: options?.evalEvery ?? 0, images, roundImages: Math.max(1, count(role))};
  }

  /** Frees the session's memory, at once or when its job has stopped. May be called more than once. */
  dispose(): void {
    if (!this.#native.busy) this.#held.clear(); // else its job still reads them
    this.#native.dispose();
  }

  /** The end of a `using` scope: {@link dispose}. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Of options that are not checked yet. */
function wholeTraining(options: TrainOptions | undefined): TrainingPart {
  return {firstEpoch: 0, stopEpoch: options?.epochs ?? 0};
}

function toNativeTensors(state: StateDict): NativeTensors {
  return [...state].map(([name, {dtype, shape, data}]) => {
    return {name, dtype, shape: [...shape], data};
  });
}

function toStateDict(tensors: NativeTensors): StateDict {
  return new Map(tensors.map(({name, dtype, shape, data}) => [name, {dtype, shape, data}]));
}
