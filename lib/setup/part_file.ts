import {readFile, rm, stat, writeFile} from 'node:fs/promises';

/** What the server said about the file that the part belongs to. */
interface PartFacts {
  readonly url: string;
  /** The server's mark of this version of the file; null: it gave none. */
  readonly validator: string | null;
}

/** A file that is being downloaded, and a note beside it that says which file it is a part of. */
export class PartFile {
  readonly #facts: string;

  constructor(
    readonly path: string,
    readonly url: string,
  ) {
    this.#facts = `${path}.json`;
  }

  /** The number of bytes that are there. Removes a part from another address. */
  async size(): Promise<number> {
    const size = await stat(this.path).then(
      (facts) => facts.size,
      () => 0,
    );
    if (size === 0 || (await this.#read())?.url === this.url) return size;
    await this.discard();
    return 0;
  }

  async validator(): Promise<string | null> {
    return (await this.#read())?.validator ?? null;
  }

  async remember(validator: string | null): Promise<void> {
    const facts: PartFacts = {url: this.url, validator};
    await writeFile(this.#facts, JSON.stringify(facts));
  }

  async discard(): Promise<void> {
    await rm(this.path, {force: true});
    await rm(this.#facts, {force: true});
  }

  async #read(): Promise<PartFacts | null> {
    try {
      return JSON.parse(await readFile(this.#facts, 'utf8')) as PartFacts;
    } catch {
      return null;
    }
  }
}
