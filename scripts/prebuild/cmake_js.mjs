// Stands in for node-gyp under prebuildify, which calls it as
//   node-gyp rebuild --target=<Node version> --devdir=... --arch=x64 --release
// in its working folder. For cmake-js --target is a CMake target, and a Node-API binary does not depend on the Node
// version, so only the architecture is read. build/Release is brought up to date, not built anew, and its files are
// copied, because prebuildify strips and moves what it finds.
import {copyFileSync, mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {compileAddon, libTorchForBuild, platforms, root} from '../build_steps.mjs';

const [command, ...options] = process.argv.slice(2);
if (command !== 'rebuild' || !options.includes(`--arch=${process.arch}`)) {
  console.error(
    `Expected \`rebuild --arch=${process.arch}\` from prebuildify but received ` +
      `\`${process.argv.slice(2).join(' ')}\`. There is no cross-compilation: build on the target's kind of machine.`,
  );
  process.exit(2);
}
compileAddon(await libTorchForBuild());
copy(/\.(node|so|dylib|dll)$/, join('build', 'Release'));
copy(new RegExp(`^${platforms().BUILD_DESCRIPTION}$`), 'artifacts');

function copy(pattern, folder) {
  const release = join(root, 'build', 'Release');
  mkdirSync(folder, {recursive: true});
  for (const name of readdirSync(release).filter((file) => pattern.test(file)))
    copyFileSync(join(release, name), join(folder, name));
}
