import {RegularFile} from '../checkpoint/regular_file.js';
import {StoredZip} from '../checkpoint/stored_zip.js';
import {named} from '../options/named.js';
import {exportAgain, ProgramFault, refusedProgram} from './program_error.js';

/** An open archive of torch.export.save: a ZIP with one root folder (docs/programs.md). */
export class ProgramArchive {
  private constructor(
    private readonly file: RegularFile,
    readonly zip: StoredZip,
    /** The root folder, with a slash at its end. */
    readonly root: string,
  ) {}

  /** Throws ERR_CHECKPOINT for a file that cannot be opened and ERR_PROGRAM for one that is no such archive. */
  static async open(path: string): Promise<ProgramArchive> {
    const file = await RegularFile.open(path);
    try {
      const head = Buffer.alloc(8);
      requireZip(head.subarray(0, await file.read(head, 0, head.length, 0)));
      let root = '';
      const zip = await StoredZip.open(file, (names) => {
        root = rootOf(names);
      });
      const archive = new ProgramArchive(file, zip, root);
      await archive.#checkMarks();
      return archive;
    } catch (error) {
      await file.close();
      throw refusedProgram(path, error);
    }
  }

  /** The size of an entry below the root in bytes; null if there is none. */
  sizeOf(name: string): number | null {
    return this.zip.sizeOf(this.root + name);
  }

  /** An entry below the root; one of more than `most` bytes is refused before it is read. */
  async read(name: string, most: number): Promise<Buffer> {
    if ((this.sizeOf(name) ?? 0) > most) {
      throw new ProgramFault(`its entry ${name} is larger than ${most} bytes`);
    }
    return this.zip.read(this.root + name);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #checkMarks(): Promise<void> {
    for (const [name, expected] of [
      ['archive_format', 'pt2'],
      ['byteorder', 'little'],
    ] as const) {
      if (this.sizeOf(name) === null) continue;
      const found = (await this.read(name, 16)).toString('latin1').trim();
      if (found !== expected)
        throw new ProgramFault(`its ${name} is ${JSON.stringify(found)}, not ${expected}`);
    }
  }
}

function requireZip(head: Buffer): void {
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return;
  throw new ProgramFault(
    head.length === 0
      ? 'the file is empty'
      : `it starts with bytes ${head.toString('hex')}, not with PK as an archive does`,
    'Name a .pt2 file of torch.export.save.',
  );
}

const MODEL = 'models/model.json';

/** What stands before `models/model.json`; other files of PyTorch are told by what they have in its place. */
function rootOf(names: readonly string[]): string {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const models = names.filter((name) => /^[^/]+\/models\/[^/]+\.json$/.test(name));
  const [first, second] = models;
  if (second !== undefined) {
    throw new ProgramFault(
      `it has ${models.length} programs (${models.join(', ')})`,
      'Save the one you mean alone.',
    );
  }
  if (first?.endsWith(`/${MODEL}`)) {
    if (has(/^[^/]+\/data\/(weights|constants)\/model\.pt$/)) {
      throw exportAgain(
        'its weights are pickled, as torch wrote them before version 2.9',
        'Export it again with torch 2.9 or newer',
      );
    }
    return first.slice(0, -MODEL.length);
  }
  if (has(/(^|\/)serialized_exported_program\.json$/)) {
    throw exportAgain(
      'it was written by a torch before version 2.8',
      'Export it again with torch 2.9 or newer',
    );
  }
  if (has(/\/data\/aotinductor\//)) {
    throw exportAgain('it is a package of compiled code (AOTInductor), which has no graph');
  }
  if (has(/(^|\/)constants\.pkl$/)) throw exportAgain('it is a TorchScript module');
  if (has(/(^|\/)data\.pkl$/)) {
    throw new ProgramFault(
      'it is a file of torch.save',
      `Give it as ${named('ckpt')}, alone or beside the program of its network.`,
    );
  }
  throw new ProgramFault(`it has no entry ${MODEL}`, 'Name a .pt2 file of torch.export.save.');
}
