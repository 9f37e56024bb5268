import {Job} from 'kubernetes-models/batch/v1';

/**
 * Every field of a Job that is missing, or whose value is not of its type or form, by Kubernetes' own description of
 * batch/v1. Fields that it does not know pass: see kubernetes_types.ts.
 */
export function schemaErrors(job: unknown): readonly string[] {
  try {
    new Job(job as ConstructorParameters<typeof Job>[0]).validate();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
