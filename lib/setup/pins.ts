import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {packageRoot} from '../native/package_root.js';

/** A build of LibTorch: for the CPU alone, or for NVIDIA GPUs too. */
export type Variant = 'cpu' | 'cuda';

/** One way to ask pip. */
export interface PipSource {
  readonly requirement: string;
  /** Looked at beside the indexes that the user has configured. */
  readonly extraIndex?: string;
}

/** An official archive. */
export interface PinnedZip {
  readonly url: string;
  readonly bytes: number;
  /** null: not known, so that the user has to give one. */
  readonly sha256: string | null;
}

export interface PinnedVariant {
  readonly pip: readonly PipSource[];
  readonly zip: PinnedZip;
  readonly approximateBytes: {readonly fetched: number; readonly installed: number};
}

/** What libtorch.json pins: the one place that knows versions, addresses and checksums. */
export interface Pins {
  readonly version: string;
  readonly supported: {readonly min: string; readonly below: string};
  /** A Python that every wheel of this version exists for; which one does not matter to its C++ libraries. */
  readonly wheelPython: string;
  readonly variants: {
    readonly cpu: PinnedVariant;
    /** `driver`: the oldest NVIDIA driver for this CUDA. */
    readonly cuda: PinnedVariant & {readonly cuda: string; readonly driver: string};
  };
}

export function readPins(): Pins {
  return JSON.parse(readFileSync(join(packageRoot(), 'libtorch.json'), 'utf8')) as Pins;
}

/** 2.13.0 before 2.14.1, 580.65.06 after 575.9: numbers between dots. Negative, 0 or positive. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i += 1) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}
