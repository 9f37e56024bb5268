#!/usr/bin/env node
// Stands in for node-gyp under prebuildify, which calls it as
//   node-gyp rebuild --target=<Node version> --devdir=... --arch=x64 --release
// in its working folder. For cmake-js --target is a CMake target, and a Node-API binary does not depend on the Node
// version, so only the architecture is read, and the platform from the environment. The build folder is brought up to
// date, not built anew, and its files are copied, because prebuildify strips and moves what it finds.
import {copyFileSync, mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {compileAddon, libTorchForBuild, platforms, root} from '../build_steps.mjs';

const {findPlatform, BUILD_DESCRIPTION} = platforms();
const [command, ...options] = process.argv.slice(2);
const arch = options.flatMap((option) => /^--arch=(.+)$/.exec(option)?.[1] ?? [])[0];
const platform = findPlatform(`${process.env.PREBUILD_PLATFORM}-${arch}`);
if (command !== 'rebuild' || platform === null) {
  console.error(
    'Expected `rebuild --arch=...` from prebuildify for a platform of lib/native/platforms.ts but received ' +
      `\`${process.argv.slice(2).join(' ')}\`.`,
  );
  process.exit(2);
}
const release = join(compileAddon(await libTorchForBuild(), root, platform), 'Release');
copy(/\.(node|so|dylib|dll)$/, join('build', 'Release'));
copy(new RegExp(`^${BUILD_DESCRIPTION}$`), 'artifacts');

function copy(pattern, folder) {
  mkdirSync(folder, {recursive: true});
  for (const name of readdirSync(release).filter((file) => pattern.test(file)))
    copyFileSync(join(release, name), join(folder, name));
}
