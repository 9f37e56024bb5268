import type {SauErrorCode} from '../base/errors.js';
import type {DefendConfig} from '../options/types.js';
import type {Progress} from '../run/progress.js';

// What a comparison and the process of one of its runs send each other.

export type ToRun =
  | {readonly kind: 'start'; readonly options: DefendConfig}
  /** The run is to stop and to leave nothing. */
  | {readonly kind: 'abort'};

export type FromRun =
  | {readonly kind: 'progress'; readonly progress: Progress}
  | {readonly kind: 'done'}
  | {
      readonly kind: 'failed';
      readonly code: SauErrorCode | null;
      /** With the options in it marked as such. */
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };
