import {describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeFunctional} from '../../lib/native/contract.js';
import type {NormName} from '../../lib/native/run_contract.js';
import {relative} from '../support/closeness.js';
import {facts, floatsOf, tensorsOf} from '../support/oracle.js';

/** Single precision of losses of about 1. */
const TOLERANCE = 1e-6;

async function functional(): Promise<NativeFunctional> {
  return (await loadCore()).core.functional;
}

/** Two images of 1x2x2 pixels: the first outside of every ball below, the second inside. */
const PAIR = Float32Array.of(3, -4, 0, 0, 0.1, -0.2, 0.2, 0);

async function projected(norm: NormName, bound: number): Promise<number[]> {
  return Array.from((await functional()).project(PAIR, [2, 1, 2, 2], norm, bound));
}

function closeTo(expected: number[]): unknown[] {
  return expected.map((value) => expect.closeTo(value, 6));
}

describe('the projection on a norm ball', () => {
  it('clamps each element for L_inf', async () => {
    expect(await projected('L_inf', 0.15)).toEqual(
      closeTo([0.15, -0.15, 0, 0, 0.1, -0.15, 0.15, 0]),
    );
  });

  it('scales an image outside of the L1 ball down to its bound and leaves others as they are', async () => {
    // |(3,-4)| = 7, and |(0.1,-0.2,0.2)| = 0.5 < 1
    expect(await projected('L1', 1)).toEqual(closeTo([3 / 7, -4 / 7, 0, 0, 0.1, -0.2, 0.2, 0]));
  });

  it('scales an image outside of the L2 ball down to its bound and leaves others as they are', async () => {
    // |(3,-4)| = 5, and |(0.1,-0.2,0.2)| = 0.3 < 1
    expect(await projected('L2', 1)).toEqual(closeTo([0.6, -0.8, 0, 0, 0.1, -0.2, 0.2, 0]));
  });

  it('changes nothing for Reg', async () => {
    expect(await projected('Reg', 0.15)).toEqual(Array.from(PAIR));
  });

  it.each(['L_inf', 'L1', 'L2'] as const)(
    "keeps the oracle's projected perturbations of %s where they are",
    async (norm) => {
      const {bound} = facts.pgd[`${norm}_min`];
      const delta = floatsOf(await tensorsOf('pgd.pt'), `${norm}_min`);
      const again = (await functional()).project(delta, [6, 3, 16, 16], norm, bound);
      expect(Array.from(again)).toEqual(Array.from(delta, (value) => expect.closeTo(value, 6)));
    },
  );

  it('refuses a shape that the array does not have', async () => {
    const {project} = await functional();
    expect(() => project(PAIR, [3, 1, 2, 2], 'L2', 1)).toThrow(/12 elements.*got 8/);
  });

  it('refuses an unknown norm by name', async () => {
    const {project} = await functional();
    expect(() => project(PAIR, [2, 1, 2, 2], 'L3' as NormName, 1)).toThrow(/'L3'/);
  });
});

interface LossCase {
  labels: number[];
  trainee_clean: number[];
  reference_clean: number[];
  trainee_logits: number[][];
  reference_logits: number[][];
}

function inputOf(example: LossCase) {
  return {
    traineeLogits: Float32Array.from(example.trainee_logits.flat()),
    referenceLogits: Float32Array.from(example.reference_logits.flat()),
    labels: Int32Array.from(example.labels),
    traineeClean: Int32Array.from(example.trainee_clean),
    referenceClean: Int32Array.from(example.reference_clean),
    count: example.labels.length,
    numClasses: example.trainee_logits[0]?.length ?? 0,
  };
}

async function innerOf(name: string) {
  const {beta1, beta2, ...example} = facts.inner_loss[name];
  return (await functional()).innerLoss({...inputOf(example), beta1, beta2});
}

async function outerOf(name: string) {
  const example = facts.outer_loss[name];
  return (await functional()).sharedRisk({
    ...inputOf(example),
    referencePerturbed: Int32Array.from(example.reference_perturbed),
  });
}

describe('the inner objective', () => {
  it('has the values of the golden example of specification B5', async () => {
    const loss = await innerOf('golden');
    expect(loss.adversarialLoss).toBeCloseTo(-0.4923856, 6);
    expect(loss.sharedLoss).toBeCloseTo(0.0646261, 6);
    expect(loss.loss).toBeCloseTo(0.0597023, 6);
    expect(Array.from(loss.shared)).toEqual([0, 0, 1, 0]);
  });

  it('has the values of two images worked out by hand', async () => {
    // Probabilities (3/4, 1/4) and (1/4, 3/4). Image 0 fools the reference alone: what is left is the
    // trainee's cross entropy -log(3/4) and the divergence. Image 1 is shared and drops out.
    const divergence = 0.75 * Math.log(0.75) + 0.25 * Math.log(0.25) + Math.log(2);
    const adversarial = Math.log(0.75) / 4;
    const loss = await innerOf('two_samples');
    expect(loss.adversarialLoss).toBeCloseTo(adversarial, 6);
    expect(loss.sharedLoss).toBeCloseTo(divergence / 2, 6);
    expect(loss.loss).toBeCloseTo(0.01 * adversarial + divergence / 2, 6);
    expect(Array.from(loss.shared)).toEqual([0, 1]);
  });

  it.each(['golden', 'two_samples'])('agrees with the oracle on %s', async (name) => {
    const expected = facts.inner_loss[name];
    const loss = await innerOf(name);
    expect(relative(loss.adversarialLoss, expected.adversarial_loss)).toBeLessThan(TOLERANCE);
    expect(relative(loss.sharedLoss, expected.shared_loss)).toBeLessThan(TOLERANCE);
    expect(relative(loss.loss, expected.loss)).toBeLessThan(TOLERANCE);
    expect(Array.from(loss.shared, Boolean)).toEqual(expected.shared);
  });
});

describe('the shared risk', () => {
  it('has the value of the golden example of specification B5', async () => {
    const risk = await outerOf('golden');
    expect(risk.loss).toBeCloseTo(0.5343136, 6);
    expect(Array.from(risk.suspects)).toEqual([1, 0, 1, 0]);
  });

  it('has the value of two images worked out by hand', async () => {
    // The trainee gives the class that fooled the reference 1/4 and 3/4.
    const risk = await outerOf('two_samples');
    expect(risk.loss).toBeCloseTo(-(Math.log(0.75 + 1e-6) + Math.log(0.25 + 1e-6)) / 2, 6);
    expect(Array.from(risk.suspects)).toEqual([1, 1]);
  });

  it.each(['golden', 'two_samples'])('agrees with the oracle on %s', async (name) => {
    const risk = await outerOf(name);
    expect(relative(risk.loss, facts.outer_loss[name].loss)).toBeLessThan(TOLERANCE);
  });

  it('is 0 without suspects', async () => {
    const {sharedRisk} = await functional();
    const classes = Int32Array.of(1, 0);
    const risk = sharedRisk({
      traineeLogits: Float32Array.of(1, 2, 3, 4),
      referencePerturbed: classes,
      referenceClean: classes,
      labels: Int32Array.of(0, 1),
      count: 2,
      numClasses: 2,
    });
    expect(risk.loss).toBe(0);
    expect(Array.from(risk.suspects)).toEqual([0, 0]);
  });

  it('stays finite where the trainee is certain of the class that fooled the reference', async () => {
    const {sharedRisk} = await functional();
    const risk = sharedRisk({
      traineeLogits: Float32Array.of(0, 1000),
      referencePerturbed: Int32Array.of(1),
      referenceClean: Int32Array.of(0),
      labels: Int32Array.of(0),
      count: 1,
      numClasses: 2,
    });
    expect(risk.loss).toBeCloseTo(-Math.log(1e-6), 1); // both forms stop at 1e-6
  });

  it('stops at a probability of 0.001 for images that the trainee no longer gets wrong', async () => {
    const {sharedRisk} = await functional();
    const risk = sharedRisk({
      traineeLogits: Float32Array.of(1000, 0),
      referencePerturbed: Int32Array.of(1),
      referenceClean: Int32Array.of(0),
      labels: Int32Array.of(0),
      count: 1,
      numClasses: 2,
    });
    expect(relative(risk.loss, -Math.log(0.999 + 1e-6))).toBeLessThan(1e-4);
  });
});
