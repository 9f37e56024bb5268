import {messageOf, SauError} from '../base/errors.js';

/** How a program is exported, in two lines of Python. */
export function exportRecipe(height: number | null = null, width = height): string {
  const size = `3, ${height ?? 'height'}, ${width ?? 'width'}`;
  return (
    `  program = torch.export.export(model.eval(), (torch.randn(2, ${size}),), dynamic_shapes=({0: torch.export.Dim("batch")},))\n` +
    '  torch.export.save(program, "model.pt2")'
  );
}

/** What is wrong with a program and, if it is known, what to do. The readers throw it without the file's name. */
export class ProgramFault extends Error {
  constructor(
    message: string,
    readonly remedy = 'Copy or export the file again.',
  ) {
    super(message);
  }
}

/** A fault that goes away when the program is exported as the recipe says. */
export function exportAgain(
  message: string,
  advice = 'Export it again with these lines',
  size: number | null = null,
): ProgramFault {
  return new ProgramFault(message, `${advice}:\n${exportRecipe(size)}`);
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
      details: {path},
    },
  );
}
