import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {ROOT} from '../support/paths.js';

/** Lines of all sources below a folder that match, as "file:line: text". */
function linesMatching(folder: string, pattern: RegExp): string[] {
  const files = readdirSync(join(ROOT, folder), {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && /\.(h|cc|ts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length, folder).toBeGreaterThan(3);
  return files.flatMap((file) =>
    codeLines(file).flatMap(([line, text]) =>
      pattern.test(text) ? [`${file}:${line}: ${text}`] : [],
    ),
  );
}

/** [number, text] of the lines of a file, without comments. */
function codeLines(file: string): [number, string][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((text, i): [number, string] => [i + 1, text.replace(/\/\/.*$|^\s*\/?\*.*$/, '')]);
}

/** Name, members and what follows of the structs of options in native/sau that are read from an object. */
function optionStructs(): [string, string, string][] {
  const folder = join(ROOT, 'native/sau');
  const headers = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) =>
    name.endsWith('.h'),
  );
  return headers.flatMap((header) => {
    const text = codeLines(join(folder, header))
      .map(([, line]) => line)
      .join('\n');
    const structs = text.matchAll(/struct (\w+Options|Tuning|NormBall)[^;{]*\{\n(.*?)\n\};/gs);
    return [...structs]
      .map(([whole, name = '', body = '']): [string, string, string] => [
        name,
        body.replace(/enum class Kind \{.*?\}/s, 'Kind'),
        text.slice(text.indexOf(whole) + whole.length),
      ])
      .filter(([name, , rest]) => rest.includes(`, ${name}& o) {`));
  });
}

/** What computes on tensors: modules, autograd, optimizers, operators as functions and as methods. */
const TENSOR_MATHS = new RegExp(
  [
    String.raw`torch::(nn|autograd|optim|special|linalg)\b`,
    String.raw`torch::(zeros|ones|full|rand\w*|arange|cat|stack|where|tensor|empty|\w*norm|\w*loss)\b`,
    String.raw`(\.|->)(forward|backward|grad|eval|zero_grad|step)\(`,
    String.raw`(\.|->)(softmax|log_softmax|argmax|max|min|sum|mean|sign|abs|sqrt|pow|exp|log)\(`,
    String.raw`(\.|->)(add|sub|mul|div|matmul|clamp\w*|where|eq|ne|gt|lt|index_select|gather|scatter)_?\(`,
    String.raw`\bF::`,
  ].join('|'),
);

describe('the boundary', () => {
  it('has no N-API in native/sau', () => {
    expect(linesMatching('native/sau', /napi|Napi|node_api|addon\//)).toEqual([]);
  });

  it('has no tensor maths in native/addon', () => {
    expect(linesMatching('native/addon', TENSOR_MATHS)).toEqual([]);
  });

  it('would notice tensor maths: native/sau is full of it', () => {
    expect(linesMatching('native/sau', TENSOR_MATHS).length).toBeGreaterThan(50);
  });

  it('keeps defaults out of the native options: no member has an initializer', () => {
    const options = optionStructs();
    expect(options.length).toBeGreaterThan(12);
    const members = options.flatMap(([, body]) => body.split('\n'));
    expect(members.filter((text) => /;/.test(text)).length).toBeGreaterThan(60);
    expect(members.filter((text) => /=|\w\{/.test(text))).toEqual([]);
  });

  it('names every field of the native options where they are read', () => {
    for (const [name, body, rest] of optionStructs()) {
      const visitor = rest.split(`, ${name}& o) {`)[1]?.split('\n}\n')[0] ?? '';
      const declared = body.replace(/<[^;]*>/g, '');
      const members = [...declared.matchAll(/(\w+)(?=[,;])/g)].map(([member]) => member);
      expect(members.length, name).toBeGreaterThan(0);
      expect(
        members.filter((member) => !visitor.includes(`o.${member}`)),
        name,
      ).toEqual([]);
    }
  });

  it('keeps defaults out of the conversion: a missing field is an error', () => {
    expect(linesMatching('native/addon', /value_or|IsUndefined\(\)\s*\?/)).toEqual([]);
  });

  it('makes every native option required in the contract', () => {
    const folder = join(ROOT, 'lib/native');
    const contracts = readdirSync(folder).filter((name) => name.endsWith('contract.ts'));
    const text = contracts.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    const options = [
      ...text.matchAll(/export interface Native\w*Options (?:extends \w+ )?\{.*?\n\}/gs),
    ].map(String);
    expect(options.length).toBeGreaterThan(10);
    expect(options.filter((declaration) => declaration.includes('?:'))).toEqual([]);
  });

  it('keeps all defaults of options in their tables: no schema brings its own', () => {
    expect(linesMatching('lib', /\.(default|prefault|catch)\(\s*['"\d[{tf]/)).toEqual([]);
  });
});
