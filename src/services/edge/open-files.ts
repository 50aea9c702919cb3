/**
 * Files of the disk tier that are open and known to be right, so that the kernel can send from them. A file that
 * was written to since it was checked, or whose bytes are not in memory any more, is not given out: it is read and
 * checked anew. Bounded; a file that is in use is closed when its last user lets it go.
 */
import { fstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Kernel } from './kernel.ts';
import type { ObjectMeta } from './stored-object.ts';

export type OpenFileFacts = {
  /** Of the file, not of the object. */
  readonly name: string;
  readonly meta: ObjectMeta;
  /** Where the body starts in the file, and how long it is. */
  readonly offset: number;
  readonly length: number;
  readonly changedMs: number;
};

export class OpenFile {
  readonly #handle: FileHandle;
  readonly #facts: OpenFileFacts;
  #users = 0;
  #isRetired = false;

  constructor(handle: FileHandle, facts: OpenFileFacts) {
    this.#handle = handle;
    this.#facts = facts;
  }

  get name(): string {
    return this.#facts.name;
  }

  get meta(): ObjectMeta {
    return this.#facts.meta;
  }

  get offset(): number {
    return this.#facts.offset;
  }

  get length(): number {
    return this.#facts.length;
  }

  get changedMs(): number {
    return this.#facts.changedMs;
  }

  get fd(): number {
    return this.#handle.fd;
  }

  /** Bytes of the body from `at` on. */
  read(into: Buffer, at: number): Promise<{ bytesRead: number }> {
    return this.#handle.read(into, 0, into.length, this.offset + at);
  }

  hold(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    this.#close();
  }

  retire(): void {
    this.#isRetired = true;
    this.#close();
  }

  #close(): void {
    // What goes wrong while a file that was only read is closed is of no use to anybody.
    if (this.#isRetired && this.#users === 0) this.#handle.close().catch(() => undefined);
  }
}

export class OpenFiles {
  readonly #kernel: Kernel;
  readonly #max: number;
  readonly #files = new Map<string, OpenFile>();

  constructor(kernel: Kernel, max: number) {
    this.#kernel = kernel;
    this.#max = max;
  }

  /** An open file of this name, when it is as it was checked and this part of its body is at hand. */
  get(name: string, start: number, length: number): OpenFile | undefined {
    const file = this.#files.get(name);
    if (!file) return undefined;
    const { ctimeMs } = fstatSync(file.fd);
    const bytes = Math.min(length, file.length - start);
    const isAtHand = bytes > 0 && this.#kernel.isResident(file.fd, file.offset + start, bytes);
    if (ctimeMs !== file.changedMs || !isAtHand) {
      this.delete(name);
      return undefined;
    }
    this.#files.delete(name);
    this.#files.set(name, file);
    return file;
  }

  put(name: string, file: OpenFile): void {
    this.delete(name);
    this.#files.set(name, file);
    const [oldest] = this.#files.keys();
    if (this.#files.size > this.#max && oldest !== undefined) this.delete(oldest);
  }

  delete(name: string): void {
    this.#files.get(name)?.retire();
    this.#files.delete(name);
  }

  close(): void {
    for (const name of [...this.#files.keys()]) this.delete(name);
  }
}
