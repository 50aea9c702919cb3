/**
 * Files of the disk tier that are open and known to be right, so that the kernel can send from them. A file that
 * was written to since it was checked, or whose bytes are not in memory any more, is not given out: it is read and
 * checked anew. Bounded; a file that is in use is closed when its last user lets it go.
 */
import { fstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Kernel } from './kernel.ts';
import type { ObjectMeta } from './stored-object.ts';

export class OpenFile {
  readonly #handle: FileHandle;
  readonly meta: ObjectMeta;
  /** Where the body starts, and how long it is. */
  readonly offset: number;
  readonly length: number;
  readonly changedMs: number;
  #users = 0;
  #isRetired = false;

  constructor(handle: FileHandle, meta: ObjectMeta, offset: number, length: number, changedMs: number) {
    this.#handle = handle;
    this.meta = meta;
    this.offset = offset;
    this.length = length;
    this.changedMs = changedMs;
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

  /** An open file of this name whose bytes are right and at hand. */
  get(name: string): OpenFile | undefined {
    const file = this.#files.get(name);
    if (!file) return undefined;
    const { ctimeMs } = fstatSync(file.fd);
    if (ctimeMs !== file.changedMs || !this.#kernel.isResident(file.fd, file.offset, file.length)) {
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
