/** What the native core takes besides for a schedule that is the cosine in any case. */
export const COSINE_ALONE = {
  schedule: 'cosine',
  warmupShare: 0,
  milestones: [],
  gamma: 1,
} as const;
