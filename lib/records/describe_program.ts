import {SauError} from '../base/errors.js';
import {elementCount} from '../checkpoint/tensor.js';
import type {Program} from '../programs/program.js';
import {readProgram} from '../programs/read_program.js';
import {programName} from '../programs/weights.js';

/** What is in a program of torch.export, which is read and not run, or why it is refused. */
export async function describeProgram(path: string) {
  try {
    const program = await readProgram(path);
    return {
      ...{purifiable: true, because: null, advice: null},
      ...{model: modelOfProgram(program), content: contentOf(program)},
    };
  } catch (error) {
    if (!(error instanceof SauError) || error.code !== 'ERR_PROGRAM') throw error;
    const because = String(error.details.fault);
    return {...{purifiable: false, because, advice: error.remedy}, model: null, content: null};
  }
}

function modelOfProgram(program: Program) {
  const {weights, numClasses} = program;
  const tensors = weights.map(({key, dtype, shape}) => ({name: key, dtype, shape}));
  return {
    ...{modelName: programName(program), numClasses, keyPath: [], tensorCount: tensors.length},
    elementCount: tensors.reduce((total, {shape}) => total + elementCount(shape), 0),
    dtypes: [...new Set(tensors.map(({dtype}) => dtype))],
    tensors,
  };
}

function contentOf({torchVersion, schemaVersion, nodes, height, width}: Program) {
  return {
    ...{torch: torchVersion, schema: schemaVersion, nodes: String(nodes.length)},
    images: `${height} x ${width}`,
  };
}
