import {extname} from 'node:path';
import {type Checkpoint, readCheckpoint} from '../records/read_checkpoint.js';
import {readProgram} from './read_program.js';
import {checkpointOf} from './weights.js';

/** The weights of a checkpoint, or where the file is a program (`.pt2`) its own. Throws as both readers do. */
export async function readWeights(path: string): Promise<Checkpoint> {
  return extname(path) === '.pt2' ? checkpointOf(await readProgram(path)) : readCheckpoint(path);
}
