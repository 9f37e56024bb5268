// Makes the prebuilt binaries of the npm package for one platform, such as prebuilds/linux-x64/.
//   node scripts/prebuild/main.mjs [--platform <tuple>] [--cuda] [--out <dir>]
// --platform: one of lib/native/platforms.ts, by default this machine's; another one needs its cross compiler, and in
// SAU_NATIVE_LIBTORCH a LibTorch for it. --cuda: fail without sau_cuda.so, for which LibTorch must be a CUDA build.
// --out: the folder in which prebuilds/ is made; by default the repository.
import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseArgs, promisify} from 'node:util';
import prebuildify from 'prebuildify';
import {
  compileTypeScript,
  libTorchForBuild,
  pinnedVersion,
  platforms,
  root,
  wheelPython,
} from '../build_steps.mjs';
import {readElf} from './elf.mjs';
import {folderOf, inspectPrebuilds, sourcesChecksum} from './prebuilds.mjs';
import {stop, table} from './report.mjs';

/** On Windows prebuildify starts it through a shell, elsewhere as a program. */
const CMAKE_JS = join(import.meta.dirname, 'cmake_js.mjs');

const {values} = parseArgs({
  options: {
    platform: {type: 'string'},
    cuda: {type: 'boolean', default: false},
    out: {type: 'string', default: root},
  },
});
compileTypeScript(); // the search for LibTorch and the table of platforms are parts of the package
const {BUILD_DESCRIPTION, THIS_TUPLE} = platforms();
const platform = chosenPlatform(values.platform);
const isCross = platform.tuple !== THIS_TUPLE;
const libtorch = await libTorchForBuild();
checkLibTorch(libtorch);
const stage = mkdtempSync(join(root, 'build-prebuild-'));
process.on('exit', () => rmSync(stage, {recursive: true, force: true}));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

process.env.SAU_NATIVE_LIBTORCH = libtorch.root;
await promisify(prebuildify)({
  cwd: stage,
  name: 'sau-native',
  platform: platform.tuple.split('-')[0],
  arch: platform.tuple.split('-')[1],
  ...(isCross ? {stripBin: `${platform.triplet}-strip`} : {}),
  targets: [process.versions.node],
  napi: true,
  strip: true,
  tagLibc: platform.needsGlibc,
  artifacts: join(stage, 'artifacts'),
  nodeGyp: process.platform === 'win32' ? `"${process.execPath}" "${CMAKE_JS}"` : CMAKE_JS,
}).catch((error) => stop(`prebuildify: ${error.message}`));

const made = folderOf(platform, stage);
describeBuild(made);
const report = inspectPrebuilds(made, platform, {isRelease: false});
if (values.cuda && !report.binaries.some(({name}) => name === platform.addon.cuda)) {
  report.problems.push(
    `there is no ${platform.addon.cuda}: CMake did not find the CUDA headers (see above)`,
  );
}
console.error(table(report));
if (report.problems.length > 0)
  stop(`The prebuilt binaries are not fit: ${report.problems.join('; ')}.`);
const destination = folderOf(platform, resolve(values.out));
rmSync(destination, {recursive: true, force: true});
mkdirSync(destination, {recursive: true});
cpSync(made, destination, {recursive: true});
console.error(`Written: ${destination}`);

function checkLibTorch({version, cuda, root: folder, source}) {
  const {tuple, elfMachine, wheelTag, libtorch: names} = platform;
  const isElf = elfMachine !== null;
  if (isElf && readElf(join(folder, 'lib', names.mark)).machine !== elfMachine) {
    stop(
      `Expected a LibTorch for ${tuple} but found one for another processor in ${folder} (${source}). Unpack the wheel of ` +
        `\`pip download --no-deps --only-binary=:all: --platform ${wheelTag} --python-version ${wheelPython()} ` +
        `torch==${pinnedVersion()}\` and point SAU_NATIVE_LIBTORCH to that folder.`,
    );
  }
  if (version !== pinnedVersion()) {
    stop(
      `Expected LibTorch ${pinnedVersion()} of libtorch.json for prebuilt binaries but found ${version} in ` +
        `${folder} (${source}). Remove that setting; \`npm run build\` alone builds for other versions.`,
    );
  }
  if (values.cuda && cuda === null) {
    stop(
      `Expected a CUDA build of LibTorch for --cuda but found a CPU build in ${folder} (${source}). ` +
        'Point SAU_NATIVE_LIBTORCH to a CUDA build.',
    );
  }
}

function chosenPlatform(tuple = platforms().THIS_TUPLE) {
  const found = platforms().findPlatform(tuple);
  if (found === null)
    stop(`Expected ${platforms().supportedPlatforms()} for --platform but received ${tuple}.`);
  return found;
}

/** CMake has written the LibTorch version; this adds the checksum of the sources. */
function describeBuild(folder) {
  const path = join(folder, BUILD_DESCRIPTION);
  const description = {...JSON.parse(readFileSync(path, 'utf8')), sources: sourcesChecksum()};
  writeFileSync(path, `${JSON.stringify(description)}\n`);
}
