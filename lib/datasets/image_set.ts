/** Images at network resolution, resident in memory, with their labels. */
export interface ImageSet {
  /** uint8 [N,3,H,W], channels R, G, B, row-major. */
  readonly images: Uint8Array;
  /** [N] class indices, 0-based. For poisoned images: the attack label. */
  readonly labels: Int32Array;
  /** [N] true labels; differs from `labels` only for poisoned images. */
  readonly trueLabels: Int32Array;
  /** [N] position of each image in the split that it comes from. */
  readonly originalIndices: Int32Array;
  /** N. */
  readonly count: number;
  /** H in pixels. */
  readonly height: number;
  /** W in pixels. */
  readonly width: number;
}
