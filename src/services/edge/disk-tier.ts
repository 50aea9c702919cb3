/**
 * The warm tier: one file an object or slice, bounded by bytes, checked when it is read back. It is a cache: a
 * file that is wrong is a miss and is deleted, and when the disk is full, broken or slow the edge goes on without.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { systemCode } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import { type Copy, diskFileName, diskFilePath, readChecked } from './checked-file.ts';
import { SPLICE_BYTES_MIN } from './config.ts';
import { diskFileHead } from './disk-file.ts';
import { EdgeFailure } from './failure.ts';
import { Gate } from './gate.ts';
import type { Kernel } from './kernel.ts';
import type { IsExpected } from './memory-tier.ts';
import { OpenFile, OpenFiles } from './open-files.ts';
import { type SegmentPlace, segmentPlace } from './play-hints.ts';
import { S3Fifo, type S3FifoEntry } from './s3-fifo.ts';
import type { ObjectMeta } from './stored-object.ts';

export type DiskTierOptions = {
  folder: string;
  bytesMax: number;
  readMs: number;
  restMs: number;
  queueBytesMax: number;
  readsMax: number;
  readsWaitingMax: number;
  /** Files that are kept open for the kernel to send from. */
  openFilesMax?: number;
  /** Spares what plays will ask for. */
  isExpected?: IsExpected;
  /** Whether a copy was declared invalid since it was written. */
  isBanned?: (name: string, meta: ObjectMeta) => boolean;
};

/** Files that an earlier run left have no place: their names are hashes. */
type DiskEntry = S3FifoEntry & { readonly place?: SegmentPlace | undefined };

const BLOCK_BYTES = 4096;
const OPEN_FILES_MAX = 2048;
/** Files that are written side by side: a write is several steps, and each waits for its turn. */
const LANES = 8;
/** What is given up each time the disk turns out to be full. */
const SHED_BYTES = 8 * 1024 * 1024;
const FILE_FORM = /^[0-9a-f]{64}$/;
const SHELF_FORM = /^[0-9a-f]{2}$/;

type Found = { key: string; bytes: number; changedMs: number };

export class DiskTier {
  readonly #options: DiskTierOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: S3Fifo<DiskEntry>;
  /** Reads of whole files at once would take memory without bound. */
  readonly #reads: Gate;
  /** Writes and deletions of one file happen one after the other, in the order in which they were asked for. */
  readonly #lanes: Array<Promise<void>> = Array.from({ length: LANES }, () => Promise.resolve());
  /** Folders that are there. */
  readonly #made = new Set<string>();
  #queuedBytes = 0;
  /** Files whose deletion was asked for and waits for its turn, with how often. */
  readonly #doomed = new Map<string, number>();
  #isScanned = false;
  #isClosed = false;
  #readsRestUntilMs = 0;
  #writesRestUntilMs = 0;
  /** Large files that are open, where the kernel can send from them. */
  readonly #open: OpenFiles | undefined;
  /** Names of open files by file, since eviction knows files alone. */
  readonly #names = new Map<string, string>();
  /** Files that were found wrong and deleted. */
  healed = 0;

  constructor(deps: { clock: Clock; log: Log; kernel?: Kernel | undefined }, options: DiskTierOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = options;
    this.#open =
      deps.kernel && new OpenFiles(deps.kernel, deps.clock, options.openFilesMax ?? OPEN_FILES_MAX);
    this.#files = new S3Fifo(
      options.bytesMax,
      (entry) => {
        this.#shut(entry.key);
        this.#enqueue(entry.key, 0, () => this.#unlink(entry.key));
      },
      ({ place }) => place !== undefined && (options.isExpected?.(place) ?? false),
    );
    this.#reads = new Gate({
      runningMax: options.readsMax,
      waitingMax: options.readsWaitingMax,
      waitMs: options.readMs,
    });
  }

  /** Starts to take in what an earlier run left. Files can be read before that has ended. */
  start(): void {
    if (this.#options.bytesMax === 0) return;
    // Whatever else is asked for comes after it.
    const scanned = this.#guarded(() => this.#scan());
    this.#lanes.fill(scanned);
  }

  get bytes(): number {
    return this.#files.bytes;
  }

  get size(): number {
    return this.#files.size;
  }

  /** False when there is certainly nothing to read under this name. */
  mayHold(name: string): boolean {
    if (this.#options.bytesMax === 0 || this.#clock.monotonic() < this.#readsRestUntilMs) return false;
    const file = diskFileName(name);
    return !this.#doomed.has(file) && (!this.#isScanned || this.#files.peek(file) !== undefined);
  }

  /** An open file with this copy, when the kernel can send it at once. Counts as asked for. */
  openFile(name: string): OpenFile | undefined {
    const file = this.#open?.get(name);
    if (!file || this.#options.isBanned?.(name, file.meta)) return undefined;
    this.#files.get(file.name);
    return file;
  }

  /** Counts as asked for: what memory answers must not age here meanwhile, or a restart would find it gone. */
  touch(name: string): void {
    if (this.#options.bytesMax > 0) this.#files.get(diskFileName(name));
  }

  /** False too while it is not known yet. */
  holds(name: string): boolean {
    return this.#isScanned && this.mayHold(name);
  }

  /** True while so much waits to be written that more would soon be turned away. */
  get isBehind(): boolean {
    return this.#queuedBytes > this.#options.queueBytesMax / 4;
  }

  /** Never rejects: whatever goes wrong is a miss. */
  async get(name: string): Promise<Copy | undefined> {
    const file = diskFileName(name);
    this.#files.get(file);
    const limit = new AbortController();
    const late = this.#clock.sleep(this.#options.readMs, limit.signal).then(
      () => 'late' as const,
      () => undefined,
    );
    try {
      const copy = await Promise.race([this.#readInTurn(file, name), late]);
      // It may have been deleted while it was read.
      if (copy === undefined || this.#doomed.has(file)) return undefined;
      if (copy !== 'late') return this.#unlessBanned(name, copy);
      this.#readsRestUntilMs = this.#clock.monotonic() + this.#options.restMs;
      this.#log.warn('the disk tier is slow and rests');
    } catch (error) {
      this.#readFailed(file, error);
    } finally {
      limit.abort();
    }
    return undefined;
  }

  /** Writes in the background. Nothing is written while too much waits or the disk rests. */
  put(name: string, meta: ObjectMeta, body: Buffer): void {
    const { bytesMax, queueBytesMax } = this.#options;
    const bytes = BLOCK_BYTES + body.length;
    if (this.#isClosed || bytes > bytesMax) return;
    if (this.#clock.monotonic() < this.#writesRestUntilMs) return;
    if (this.#queuedBytes + bytes > queueBytesMax) return;
    this.#enqueue(diskFileName(name), bytes, () => this.#write(name, meta, body));
  }

  delete(name: string): void {
    const file = diskFileName(name);
    this.#shut(file);
    if (!this.#files.delete(file) && this.#isScanned && this.#queuedBytes === 0) return;
    this.#doomed.set(file, (this.#doomed.get(file) ?? 0) + 1);
    this.#enqueue(file, 0, async () => {
      await this.#unlink(file).finally(() => {
        const others = (this.#doomed.get(file) ?? 1) - 1;
        if (others > 0) this.#doomed.set(file, others);
        else this.#doomed.delete(file);
      });
    });
  }

  /** Resolves when what was queued is written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // The last write may have thrown out others, whose deletion then stands behind it.
    for (
      let before: Array<Promise<void>> = [];
      before.some((lane, i) => lane !== this.#lanes[i]) || before.length === 0;
    ) {
      before = [...this.#lanes];
      await Promise.all(before);
    }
    this.#open?.close();
  }

  #shut(file: string): void {
    const name = this.#names.get(file);
    if (name !== undefined) this.#open?.delete(name);
    this.#names.delete(file);
  }

  /** Keeps a file open whose bytes were just checked or written. Takes the handle over. */
  async #keepOpen(
    handle: FileHandle,
    file: string,
    name: string,
    meta: ObjectMeta,
    body: Buffer,
  ): Promise<void> {
    const open = await OpenFile.of(handle, file, meta, body.length);
    if (!this.#open || this.#isClosed || this.#files.peek(file) === undefined)
      return void (await handle.close());
    this.#open.put(name, open);
    this.#names.set(file, name);
  }

  #enqueue(file: string, bytes: number, step: () => Promise<void>): void {
    const lane = Number.parseInt(file.slice(0, 2), 16) % LANES;
    this.#queuedBytes += bytes;
    this.#lanes[lane] = (this.#lanes[lane] as Promise<void>)
      .then(() => this.#guarded(step))
      .finally(() => {
        this.#queuedBytes -= bytes;
      });
  }

  /** Never rejects: a disk that fails rests. */
  async #guarded(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      // Whoever filled the disk needs the room more than a cache does.
      if (systemCode(error) === 'ENOSPC') this.#files.shed(SHED_BYTES);
      this.#writesRestUntilMs = this.#clock.monotonic() + this.#options.restMs;
      // Somebody may have removed the folders.
      this.#made.clear();
      this.#log.warn('the disk tier rests', { code: systemCode(error) ?? 'unknown' });
    }
  }

  #unlessBanned(name: string, copy: Copy): Copy | undefined {
    if (!this.#options.isBanned?.(name, copy.meta)) return copy;
    this.delete(name);
    return undefined;
  }

  async #readInTurn(file: string, name: string): Promise<Copy | undefined> {
    await this.#reads.enter();
    try {
      return await this.#read(file, name);
    } finally {
      this.#reads.leave();
    }
  }

  async #read(file: string, name: string): Promise<Copy | undefined> {
    const { handle, copy, isSame } = await readChecked(this.#path(file), name);
    if (copy && isSame && this.#mayOpen(copy.body)) {
      await this.#keepOpen(handle, file, name, copy.meta, copy.body);
      return copy;
    }
    await handle.close();
    if (!copy) {
      this.healed++;
      this.#log.warn('a damaged file of the disk tier is deleted', { file });
      this.delete(name);
    }
    return copy;
  }

  #mayOpen(body: Buffer): boolean {
    return this.#open !== undefined && body.length >= SPLICE_BYTES_MIN;
  }

  #readFailed(file: string, error: unknown): void {
    if (error instanceof EdgeFailure) return;
    if (systemCode(error) === 'ENOENT') {
      this.#files.delete(file);
      return;
    }
    this.#readsRestUntilMs = this.#clock.monotonic() + this.#options.restMs;
    this.#log.warn('the disk tier cannot be read and rests', { code: systemCode(error) ?? 'unknown' });
  }

  async #write(name: string, meta: ObjectMeta, body: Buffer): Promise<void> {
    const file = diskFileName(name);
    const head = diskFileHead(name, meta, body);
    const temporary = join(this.#options.folder, 'incoming', newId());
    await this.#makeFolder(dirname(temporary));
    await this.#makeFolder(dirname(this.#path(file)));
    let handle: FileHandle | undefined;
    try {
      handle = await open(temporary, 'wx+', 0o600);
      const { bytesWritten } = await handle.writev([head, body]);
      // What is missing is written by itself, which tells why when the disk is full.
      const whole = head.length + body.length;
      if (bytesWritten < whole) await handle.writeFile(Buffer.concat([head, body]).subarray(bytesWritten));
      await rename(temporary, this.#path(file));
    } catch (error) {
      await handle?.close();
      await rm(temporary, { force: true });
      throw error;
    }
    const bytes = onDisk(head.length + body.length);
    const kept = this.#files.put({ key: file, bytes, visits: 0, place: segmentPlace(name) });
    if (kept && this.#mayOpen(body)) await this.#keepOpen(handle, file, name, meta, body);
    else await handle.close();
    if (!kept) await this.#unlink(file);
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    await mkdir(folder, { recursive: true });
    this.#made.add(folder);
  }

  /** By its turn a later write may have brought the file back, so the list of files is told too. */
  async #unlink(file: string): Promise<void> {
    this.#files.delete(file);
    await rm(this.#path(file), { force: true });
  }

  /** Takes in the files of an earlier run, oldest first, and drops what a kill left half-written. */
  async #scan(): Promise<void> {
    const { folder } = this.#options;
    await rm(join(folder, 'incoming'), { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const found: Found[] = [];
    for (const shelf of await readdir(folder)) {
      if (SHELF_FORM.test(shelf)) found.push(...(await this.#scanShelf(join(folder, shelf))));
    }
    found.sort((a, b) => a.changedMs - b.changedMs);
    for (const { key, bytes } of found) {
      if (!this.#files.put({ key, bytes, visits: 0 })) await this.#unlink(key);
    }
    this.#isScanned = true;
  }

  /** Whatever is not a file of ours is left alone; one bad shelf must not hide the others. */
  async #scanShelf(shelf: string): Promise<Found[]> {
    const found: Found[] = [];
    try {
      for (const key of await readdir(shelf)) {
        if (!FILE_FORM.test(key)) continue;
        const { size, mtimeMs } = await stat(join(shelf, key));
        found.push({ key, bytes: onDisk(size), changedMs: mtimeMs });
      }
    } catch (error) {
      this.#log.warn('a shelf of the disk tier cannot be read', { code: systemCode(error) ?? 'unknown' });
    }
    return found;
  }

  #path(file: string): string {
    return diskFilePath(this.#options.folder, file);
  }
}

function onDisk(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
