/**
 * Files of the disk tier that are open and known to be right, so that the kernel can send from them. A file that
 * was written to since it was checked, or whose bytes are not in memory any more, is not given out: it is read and
 * checked anew. Bounded; a file that is in use is closed when its last user lets it go.
 */
import { fstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../platform/clock.ts';
import type { Kernel } from './kernel.ts';
import type { ObjectMeta } from './stored-object.ts';

/** For how long a file that was found in memory is not looked at again. */
const AT_HAND_MS = 100;

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
  /** Until then it is believed to be in memory. */
  atHandUntilMs = 0;
  #users = 0;
  #isRetired = false;

  constructor(handle: FileHandle, facts: OpenFileFacts) {
    this.#handle = handle;
    this.#facts = facts;
  }

  /** Of a file whose bytes were just checked or written; the body stands at its end. Takes the handle over. */
  static async of(handle: FileHandle, name: string, meta: ObjectMeta, length: number): Promise<OpenFile> {
    const { ctimeMs: changedMs, size } = await handle.stat();
    return new OpenFile(handle, { name, meta, offset: size - length, length, changedMs });
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
  readonly #clock: Clock;
  readonly #max: number;
  readonly #files = new Map<string, OpenFile>();

  constructor(kernel: Kernel, clock: Clock, max: number) {
    this.#kernel = kernel;
    this.#clock = clock;
    this.#max = max;
  }

  /** An open file of this name, when it is as it was checked and its body is in memory. */
  get(name: string): OpenFile | undefined {
    const file = this.#files.get(name);
    if (!file) return undefined;
    const { ctimeMs } = fstatSync(file.fd);
    if (ctimeMs !== file.changedMs || !this.#isAtHand(file)) {
      this.delete(name);
      return undefined;
    }
    this.#files.delete(name);
    this.#files.set(name, file);
    return file;
  }

  /** Memory is not taken back in a moment, and to be wrong costs a wait for the disk and no byte. */
  #isAtHand(file: OpenFile): boolean {
    const nowMs = this.#clock.monotonic();
    if (nowMs < file.atHandUntilMs) return true;
    file.atHandUntilMs = nowMs + AT_HAND_MS;
    return this.#kernel.isResident(file.fd, file.offset, file.length);
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
