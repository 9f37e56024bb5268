import {messageOf, SauError} from '../base/errors.js';
import {exportRecipe} from '../checkpoint/export_recipe.js';

/** What is wrong with a program and, if it is known, what to do. The readers throw it without the file's name. */
export class ProgramFault extends Error {
  constructor(
    message: string,
    readonly remedy = 'Copy or export the file again.',
  ) {
    super(message);
  }
}

/** A fault that goes away when the program is exported as the recipe says; side: of its images, if it is known. */
export function exportAgain(
  message: string,
  advice = 'Export it again with these lines',
  side: number | null = null,
): ProgramFault {
  const note = side === null ? ' (S: the side of its images)' : '';
  return new ProgramFault(message, `${advice}${note}:\n${exportRecipe(side ?? 'S')}`);
}

/** ERR_PROGRAM for what is wrong with the archive. A SauError passes unchanged. */
export function refusedProgram(path: string, cause: unknown): SauError {
  if (cause instanceof SauError) return cause;
  const known = cause instanceof ProgramFault;
  return new SauError(
    'ERR_PROGRAM',
    `Expected a classifier exported by torch.export in ${path} but ${messageOf(cause)}.`,
    {
      ...(known ? {} : {cause}),
      remedy: known ? cause.remedy : 'It may be truncated or damaged: copy or export it again.',
      details: {path, fault: messageOf(cause)},
    },
  );
}
