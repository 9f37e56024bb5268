import {Breather} from '../breather.js';
import {damagedFile, FormatError} from './checkpoint_error.js';
import {PickleMachine, type UnpickleOptions} from './pickle_machine.js';
import {OPCODES} from './pickle_opcodes.js';

export interface Unpickled {
  readonly value: unknown;
  /** 0 where the pickle does not say. */
  readonly protocol: number;
  /** The names of the vocabulary that the pickle used, as `module.name`. */
  readonly globals: readonly string[];
}

/** Opcodes between two looks at the clock. */
const SLICE = 128;

/**
 * Reads one pickle of protocol 0 to 5 with a closed vocabulary (specification C.3). Executes nothing: a name
 * outside the vocabulary throws ERR_UNSAFE_PICKLE, damaged bytes ERR_CHECKPOINT. Yields to the event loop.
 */
export async function unpickle(bytes: Uint8Array, options: UnpickleOptions): Promise<Unpickled> {
  try {
    const machine = new PickleMachine(bytes, options);
    const breather = new Breather();
    while (!machine.stopped) {
      for (let i = 0; i < SLICE && !machine.stopped; i++) step(machine);
      if (breather.due) await breather.rest();
    }
    return {value: machine.pop(), protocol: machine.protocol, globals: [...machine.globals].sort()};
  } catch (error) {
    throw damagedFile(options.source, error);
  }
}

function step(machine: PickleMachine): void {
  const code = machine.cursor.u8();
  const opcode = OPCODES[code];
  if (opcode === undefined) {
    throw new FormatError(
      `its pickle has unknown opcode ${code} at byte ${machine.cursor.position - 1}`,
    );
  }
  opcode(machine);
}
