import {join} from 'node:path';
import ts from 'typescript';

const MANIFEST = join(__dirname, 'manifest.ts');

/** The first field of a Job that the types of batch/v1 do not know, as the compiler finds it in the manifest as a literal. */
export function unknownFields(job: unknown): readonly string[] {
  const text = `import type {IJob} from 'kubernetes-models/batch/v1';
export const job: IJob = ${JSON.stringify(job)};`;
  const options: ts.CompilerOptions = {
    ...{strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022},
    ...{module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16},
  };
  const host = ts.createCompilerHost(options);
  const {getSourceFile, fileExists} = host;
  host.fileExists = (path) => path === MANIFEST || fileExists(path);
  host.readFile = (path) => (path === MANIFEST ? text : ts.sys.readFile(path));
  host.getSourceFile = (path, version, ...rest) =>
    path === MANIFEST
      ? ts.createSourceFile(path, text, version)
      : getSourceFile(path, version, ...rest);
  const program = ts.createProgram([MANIFEST], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(MANIFEST))
    .map(({messageText}) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
