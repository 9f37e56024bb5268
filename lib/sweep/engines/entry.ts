import type {OptionTable} from '../../options/option.js';

/** What the tables say of an engine; what it does is in works.ts. */
export interface EngineEntry {
  /** One line for help and docs. */
  readonly summary: string;
  /** Its settings, in the plan under `engines.<name>`. */
  readonly settings: OptionTable;
  /** What a step can ask of a machine, in the plan under `resources`, for all steps or by kind. */
  readonly resources: OptionTable;
  /** Whether its steps find files at the paths where this machine has them. */
  readonly hasPaths: boolean;
}
