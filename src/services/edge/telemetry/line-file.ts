/**
 * Lines to files of a folder: collected in memory, written some at a time, a new file begun when one is full, and
 * only so many files kept. The disk never holds anybody up: what does not fit into memory while it is slow or full
 * is dropped and counted.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';

export type OpenLineFile = {
  readonly size: number;
  append(text: string): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
};

/** What it needs of a file system; tests give one that fills up. */
export type LineDisk = {
  open(path: string): Promise<OpenLineFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
};

export type LineFileOptions = {
  readonly folder: string;
  /** Of the file that is written; older ones have `.1`, `.2` and so on behind it. */
  readonly name: string;
  /** What every file begins with. */
  readonly head: string;
  readonly fileBytesMax: number;
  /** With the one that is written. */
  readonly filesMax: number;
  readonly flushChars: number;
  readonly flushMs: number;
  /** Lines that wait while the disk is slow. */
  readonly waitingCharsMax: number;
  /** After a failure nothing is tried for so long. */
  readonly restMs: number;
  /** How long the end waits for the disk. */
  readonly closeMs: number;
};

export type LineFileDeps = { readonly log: Log; readonly disk?: LineDisk; now(): number };

export class LineFile {
  /** Lines that never reached a file. */
  dropped = 0;
  readonly #deps: LineFileDeps;
  readonly #disk: LineDisk;
  readonly #options: LineFileOptions;
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];
  #chars = 0;
  #file: OpenLineFile | undefined;
  #size = 0;
  #writing: Promise<void> | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(deps: LineFileDeps, options: LineFileOptions) {
    this.#deps = deps;
    this.#disk = deps.disk ?? fileSystem(options.folder);
    this.#options = options;
    this.#timer = setInterval(() => this.#flush(), options.flushMs);
    this.#timer.unref();
  }

  /** `line` has its end. */
  push(line: string): void {
    if (this.#isClosed || this.#chars + line.length > this.#options.waitingCharsMax) {
      this.dropped++;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#chars >= this.#options.flushChars) this.#flush();
  }

  /** Writes what waits, if the disk lets it in time, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, this.#options.closeMs);
    });
    await Promise.race([this.#finish(), late]);
    clearTimeout(limit);
  }

  async #finish(): Promise<void> {
    await this.#writing;
    this.#flush();
    await this.#writing;
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }

  #flush(): void {
    if (this.#writing || this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#chars = 0;
    if (this.#deps.now() < this.#restUntilMs) {
      this.dropped += lines.length;
      return;
    }
    this.#writing = this.#write(lines.join(''))
      .catch((error: unknown) => this.#fail(error, lines.length))
      .finally(() => {
        this.#writing = undefined;
        if (this.#chars >= this.#options.flushChars) this.#flush();
      });
  }

  async #write(text: string): Promise<void> {
    const { head, fileBytesMax } = this.#options;
    const bytes = Buffer.byteLength(text);
    await this.#openFile();
    if (this.#size > 0 && this.#size + bytes > fileBytesMax) await this.#rotate();
    const whole = this.#size === 0 ? head + text : text;
    await this.#file?.append(whole);
    this.#size += bytes + (whole === text ? 0 : Buffer.byteLength(head));
  }

  async #openFile(): Promise<void> {
    if (this.#file) return;
    this.#file = await this.#disk.open(join(this.#options.folder, this.#options.name));
    this.#size = this.#file.size;
  }

  async #rotate(): Promise<void> {
    const { folder, name, filesMax } = this.#options;
    const path = join(folder, name);
    await this.#file?.close();
    this.#file = undefined;
    if (filesMax === 1) await this.#disk.remove(path);
    else await this.#disk.remove(`${path}.${filesMax - 1}`);
    for (let i = filesMax - 2; i >= 1; i--) await this.#disk.rename(`${path}.${i}`, `${path}.${i + 1}`);
    if (filesMax > 1) await this.#disk.rename(path, `${path}.1`);
    await this.#openFile();
  }

  async #fail(error: unknown, lines: number): Promise<void> {
    this.dropped += lines;
    this.#restUntilMs = this.#deps.now() + this.#options.restMs;
    const why = systemCode(error) ?? String(error);
    this.#deps.log.warn('the access log cannot be written; lines are dropped for a while', { why });
    const file = this.#file;
    this.#file = undefined;
    // Half a line may have got through; the next one must not be glued to it.
    await file?.truncate(this.#size).catch(() => undefined);
    await file?.close().catch(() => undefined);
  }
}

function fileSystem(folder: string): LineDisk {
  return {
    open: async (path) => {
      await mkdir(folder, { recursive: true });
      // Addresses of viewers are nobody else's business.
      const file = await open(path, 'a', 0o640);
      const { size } = await file.stat();
      return {
        size,
        append: (text) => file.appendFile(text),
        truncate: (length) => file.truncate(length),
        close: () => file.close(),
      };
    },
    rename: async (from, to) => {
      await rename(from, to).catch(ignoreMissing);
    },
    remove: (path) => rm(path, { force: true }),
  };
}

function ignoreMissing(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error;
}
