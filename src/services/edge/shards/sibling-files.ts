/**
 * Reads files in the disk tiers of the other shards, so that each shard can have the kernel send a large object whose
 * bytes are in memory once, in the page cache. Nothing of theirs is ever written or deleted here; whatever is wrong
 * or gone is a miss, and its owner will see to it.
 */
import type { Clock } from '../../../platform/clock.ts';
import { type Copy, diskFileName, diskFilePath, readChecked } from '../checked-file.ts';
import { SPLICE_BYTES_MIN } from '../config.ts';
import type { Gate } from '../gate.ts';
import type { Kernel } from '../kernel.ts';
import { OpenFile, OpenFiles } from '../open-files.ts';
import type { ObjectMeta } from '../stored-object.ts';

export type SiblingFilesDeps = {
  clock: Clock;
  kernel: Kernel | undefined;
  /** Bounds how many are read at once. */
  reads: Gate;
  isBanned(name: string, meta: ObjectMeta): boolean;
};

export type SiblingFilesOptions = { openFilesMax: number; readMs: number };

export class SiblingFiles {
  readonly #deps: SiblingFilesDeps;
  readonly #options: SiblingFilesOptions;
  readonly #open: OpenFiles | undefined;

  constructor(deps: SiblingFilesDeps, options: SiblingFilesOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#open = deps.kernel && new OpenFiles(deps.kernel, deps.clock, options.openFilesMax);
  }

  openFile(name: string): OpenFile | undefined {
    const file = this.#open?.get(name);
    return file && !this.#deps.isBanned(name, file.meta) ? file : undefined;
  }

  /** Never rejects. */
  async get(folder: string, name: string): Promise<Copy | undefined> {
    const { clock, isBanned } = this.#deps;
    const open = this.openFile(name);
    if (open) return readOpen(open);
    const limit = new AbortController();
    const late = clock.sleep(this.#options.readMs, limit.signal).catch(() => undefined);
    try {
      const copy = await Promise.race([this.#readInTurn(folder, name), late]);
      return copy && !isBanned(name, copy.meta) ? copy : undefined;
    } catch {
      // Not there, or not to be read now: the owner is asked.
      return undefined;
    } finally {
      limit.abort();
    }
  }

  delete(name: string): void {
    this.#open?.delete(name);
  }

  close(): void {
    this.#open?.close();
  }

  async #readInTurn(folder: string, name: string): Promise<Copy | undefined> {
    const { reads } = this.#deps;
    await reads.enter();
    try {
      return await this.#read(folder, name);
    } finally {
      reads.leave();
    }
  }

  async #read(folder: string, name: string): Promise<Copy | undefined> {
    const file = diskFileName(name);
    const { handle, copy, isSame } = await readChecked(diskFilePath(folder, file), name);
    if (!copy || !isSame || !this.#open || copy.body.length < SPLICE_BYTES_MIN) {
      await handle.close();
      return copy;
    }
    this.#open.put(name, await OpenFile.of(handle, file, copy.meta, copy.body.length));
    return copy;
  }
}

/** What was checked when it was opened. */
async function readOpen(file: OpenFile): Promise<Copy | undefined> {
  const body = Buffer.allocUnsafeSlow(file.length);
  file.hold();
  try {
    for (let at = 0; at < body.length; ) {
      const { bytesRead } = await file.read(body.subarray(at), at);
      if (bytesRead === 0) return undefined;
      at += bytesRead;
    }
    return { meta: file.meta, body };
  } catch {
    // The owner is asked.
    return undefined;
  } finally {
    file.release();
  }
}
