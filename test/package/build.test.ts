import {spawnSync} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {ROOT} from '../support/paths.js';
import {tryRun} from '../support/prebuilt_package.js';

const HAS_CMAKE = spawnSync('cmake', ['--version']).status === 0;
/** A project that needs no compiler: its build copies a text, and fails where there is none. */
const CMAKE_LISTS = `cmake_minimum_required(VERSION 3.21)
project(text LANGUAGES NONE)
set(LIBTORCH_DIR "" CACHE PATH "")
add_custom_command(OUTPUT Release/result.txt DEPENDS "\${CMAKE_SOURCE_DIR}/source.txt"
  COMMAND \${CMAKE_COMMAND} -E copy "\${CMAKE_SOURCE_DIR}/source.txt" Release/result.txt)
add_custom_target(result ALL DEPENDS Release/result.txt)
`;

describe.skipIf(!HAS_CMAKE)('the build of the addon', () => {
  let folder: string;
  let clone: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sau-build-'));
    clone = join(folder, 'clone');
    makeProject(clone, 'of the clone');
  });
  afterEach(() => rmSync(folder, {recursive: true}));

  it('builds the sources of a copied clone and leaves those of the first alone', () => {
    expect(build(clone).status).toBe(0);
    const copy = join(folder, 'copy');
    cpSync(clone, copy, {recursive: true, preserveTimestamps: true});
    writeFileSync(join(copy, 'source.txt'), 'of the copy');
    writeFileSync(join(clone, 'source.txt'), 'of the clone, changed since');

    const {status, stderr} = build(copy);

    expect(status).toBe(0);
    expect(stderr).toContain(`Building anew: build/ was configured for ${clone}`);
    expect(resultOf(copy)).toBe('of the copy');
    expect(resultOf(clone)).toBe('of the clone');
  });

  it('builds in a clone that was moved', () => {
    expect(build(clone).status).toBe(0);
    const moved = join(folder, 'moved');
    cpSync(clone, moved, {recursive: true, preserveTimestamps: true});
    rmSync(clone, {recursive: true});
    writeFileSync(join(moved, 'source.txt'), 'moved');
    expect(build(moved).status).toBe(0);
    expect(resultOf(moved)).toBe('moved');
  });

  it('goes on in the folder that it configured before', () => {
    build(clone);
    writeFileSync(join(clone, 'build', 'kept'), '');
    writeFileSync(join(clone, 'source.txt'), 'changed');
    const {status, stderr} = build(clone);
    expect(status).toBe(0);
    expect(stderr).not.toContain('Building anew');
    expect(existsSync(join(clone, 'build', 'kept'))).toBe(true);
    expect(resultOf(clone)).toBe('changed');
  });

  it('starts afresh for another LibTorch', () => {
    build(clone);
    const {status, stderr} = build(clone, '/another');
    expect(status).toBe(0);
    expect(stderr).toContain('Building anew: build/ was configured for LibTorch in /libtorch');
  });

  it('ends with an error where a build step fails, and keeps what was built before', () => {
    build(clone);
    writeFileSync(join(clone, 'build', 'kept'), '');
    rmSync(join(clone, 'source.txt'));
    const {status, stdout} = build(clone);
    expect(status).toBe(1);
    expect(stdout).not.toContain('after the build');
    expect(existsSync(join(clone, 'build', 'kept'))).toBe(true);
  });

  it('ends with an error where CMake refuses, and configures again the next time', () => {
    writeFileSync(join(clone, 'CMakeLists.txt'), `${CMAKE_LISTS}message(FATAL_ERROR "refused")\n`);
    const failed = build(clone);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('refused');
    writeFileSync(join(clone, 'CMakeLists.txt'), CMAKE_LISTS);
    expect(build(clone).status).toBe(0);
    expect(resultOf(clone)).toBe('of the clone');
  });

  it('ends with an error where CMake refuses a change to what was configured', () => {
    build(clone);
    writeFileSync(join(clone, 'CMakeLists.txt'), `${CMAKE_LISTS}message(FATAL_ERROR "refused")\n`);
    const {status, stderr} = build(clone);
    expect(status).toBe(1);
    expect(stderr).toContain('refused');
  });
});

function makeProject(folder: string, text: string): void {
  mkdirSync(folder);
  const manifest = {name: 'text', version: '1.0.0', binary: {napi_versions: [9]}};
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'CMakeLists.txt'), CMAKE_LISTS);
  writeFileSync(join(folder, 'source.txt'), text);
}

/** As `npm run build` calls it, in a process of its own: a build that fails ends its process. */
function build(folder: string, libtorch = '/libtorch') {
  const steps = pathToFileURL(join(ROOT, 'scripts/build_steps.mjs'));
  const given = JSON.stringify({version: '1', root: libtorch, source: 'test'});
  const program =
    `const {compileAddon} = await import(${JSON.stringify(steps)});\n` +
    `compileAddon(${given}, ${JSON.stringify(folder)});\nconsole.log('after the build');`;
  const args = ['--input-type=module', '--eval', program];
  return tryRun(process.execPath, args, folder, process.env);
}

function resultOf(folder: string): string {
  return readFileSync(join(folder, 'build', 'Release', 'result.txt'), 'utf8');
}
