import {describe, expect, it} from 'vitest';
import {EVERYTHING, kubernetesJob} from '../../support/kubernetes_jobs.js';
import {unknownFields} from '../../support/kubernetes_types.js';
import {sweepStep} from '../../support/sweep_steps.js';

// The compiler needs several seconds for the types of Kubernetes.

const STEPS = [sweepStep(1, 0)];
const JOB = kubernetesJob(STEPS, EVERYTHING.settings, EVERYTHING.resources, true);

describe('the Job of a stage', () => {
  it('has no field that the types of batch/v1 do not know', () => {
    expect(unknownFields(JOB)).toEqual([]);
    expect(unknownFields(kubernetesJob(STEPS))).toEqual([]);
  });

  it('is held against types that find a field with a mistake in its name', () => {
    const {spec, ...rest} = JOB;
    const {backoffLimitPerIndex, ...others} = spec;
    const job = {...rest, spec: {...others, backofLimitPerIndex: backoffLimitPerIndex}};
    expect(unknownFields(job)).toEqual([expect.stringContaining('backofLimitPerIndex')]);
  });
});
