// File calls of the readers without the threads that Node.js makes them on: those take most of the time of small files.
import fs from 'node:fs';
import promises from 'node:fs/promises';

const NAMES = ['stat', 'lstat', 'readFile', 'readdir', 'realpath', 'access'];
const {O_WRONLY, O_RDWR} = fs.constants;

/** What the readers use of an open file. */
class DirectHandle {
  constructor(fd) {
    this.fd = fd;
  }

  async stat() {
    return fs.fstatSync(this.fd);
  }

  async read(buffer, offset = 0, length = buffer.byteLength - offset, position = null) {
    return {bytesRead: fs.readSync(this.fd, buffer, offset, length, position), buffer};
  }

  async readFile(options) {
    return fs.readFileSync(this.fd, options);
  }

  async close() {
    fs.closeSync(this.fd);
  }
}

function isForReading(flags) {
  return typeof flags === 'number' ? (flags & (O_WRONLY | O_RDWR)) === 0 : flags === 'r';
}

/** From now on. Files that are written are opened as usual. */
export function readDirectly() {
  for (const name of NAMES) promises[name] = async (...args) => fs[`${name}Sync`](...args);
  const {open} = promises;
  promises.open = async (path, flags = 'r', mode) =>
    isForReading(flags) ? new DirectHandle(fs.openSync(path, flags)) : open(path, flags, mode);
}
