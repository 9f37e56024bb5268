import {named} from '../options/named.js';

/** The two lines of Python that export a model as a graph with any number of images, each `side` pixels wide and high. */
export function exportRecipe(side: number | 'S'): string {
  return (
    `  exported = torch.export.export(model.eval(), (torch.randn(2, 3, ${side}, ${side}),), dynamic_shapes=({0: torch.export.Dim("batch")},))\n` +
    '  torch.export.save(exported, "model.pt2")'
  );
}

const AS_PROGRAM = `give the file as ${named('program')} (S: the side of its images):\n${exportRecipe('S')}`;

/** What to do with weights of an architecture that is not known. */
export const EXPORT_ADVICE = `Export the model in the program that it comes from, and ${AS_PROGRAM}`;

/** What to do with a model that lives in a program of its own. */
export const SAVE_OR_EXPORT =
  'Open it in the program that wrote it and save model.state_dict() with torch.save. Of an architecture that is not ' +
  `known here, also export the model and ${AS_PROGRAM}`;
