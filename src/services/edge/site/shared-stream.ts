/**
 * A body on its way from the origin that several viewers read at once. Up to a bound all of it is kept, so that
 * who comes later reads from its start and the whole can be stored; beyond it the stream takes no more readers,
 * drops what every reader has passed, and waits for the slowest of them.
 */

export type StreamLimits = {
  /** Up to this many bytes everything is kept. */
  keepBytes: number;
  /** How far the filling may run ahead of the slowest reader when not everything is kept. */
  aheadBytes: number;
};

export class SharedStream {
  readonly #limits: StreamLimits;
  readonly #readers = new Set<StreamReader>();
  readonly #chunks: Buffer[] = [];
  /** How many chunks have been dropped from the front. */
  #dropped = 0;
  #bytes = 0;
  #heldBytes = 0;
  #isKept = true;
  #hasEnded = false;
  #failure: Error | undefined;
  #news = Promise.withResolvers<void>();
  #room: PromiseWithResolvers<void> | undefined;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** True while a reader can still start at the first byte. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** True when nobody reads and nothing can be stored: the filling is for nothing. */
  get isForNobody(): boolean {
    return !this.#isKept && this.#readers.size === 0;
  }

  read(): StreamReader {
    if (!this.#isKept) throw new Error('this stream takes no more readers');
    const reader = new StreamReader(this);
    this.#readers.add(reader);
    return reader;
  }

  /** Gives up keeping: from now on only those who read already are served. */
  letGo(): void {
    this.#isKept = false;
    this.#drop();
  }

  /** Takes a chunk; resolves when there is room for another. */
  async append(chunk: Buffer): Promise<void> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#heldBytes += chunk.length;
    if (this.#bytes > this.#limits.keepBytes) this.#isKept = false;
    this.#wake();
    while (!this.#isKept && this.#heldBytes > this.#limits.aheadBytes && this.#readers.size > 0) {
      this.#room = Promise.withResolvers<void>();
      await this.#room.promise;
    }
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  fail(failure: Error): void {
    this.#failure ??= failure;
    this.#isKept = false;
    this.#wake();
  }

  /** The whole body, when it has ended and was kept. */
  whole(): Buffer | undefined {
    if (!this.#hasEnded || !this.#isKept) return undefined;
    const bytes = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(bytes, at);
    return bytes;
  }

  /** For readers: the chunk numbered `index` from the start, or undefined at the end. */
  async chunk(index: number): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunks[index - this.#dropped];
      if (chunk) return chunk;
      if (this.#failure) throw this.#failure;
      if (this.#hasEnded) return undefined;
      await this.#news.promise;
    }
  }

  /** For readers: whether `chunk` has an answer without waiting. */
  isReady(index: number): boolean {
    return this.#chunks[index - this.#dropped] !== undefined || this.#hasEnded || this.#failure !== undefined;
  }

  /** For readers: one has passed a chunk or left. */
  passed(reader?: StreamReader): void {
    if (reader) this.#readers.delete(reader);
    this.#drop();
  }

  #drop(): void {
    if (!this.#isKept) {
      const slowest = Math.min(
        ...[...this.#readers].map(({ at }) => at),
        this.#dropped + this.#chunks.length,
      );
      while (this.#dropped < slowest) {
        this.#heldBytes -= this.#chunks.shift()?.length ?? 0;
        this.#dropped++;
      }
    }
    this.#room?.resolve();
    this.#room = undefined;
  }

  #wake(): void {
    const news = this.#news;
    this.#news = Promise.withResolvers<void>();
    news.resolve();
  }
}

/** One viewer's place in a stream. It must be closed, or the stream waits for it. */
export class StreamReader {
  readonly #stream: SharedStream;
  at = 0;

  constructor(stream: SharedStream) {
    this.#stream = stream;
  }

  /** False when the next chunk is still to come. */
  get isReady(): boolean {
    return this.#stream.isReady(this.at);
  }

  /** The next chunk; undefined at the end. Rejects when the body breaks off. */
  async next(): Promise<Buffer | undefined> {
    const chunk = await this.#stream.chunk(this.at);
    if (chunk) {
      this.at++;
      this.#stream.passed();
    }
    return chunk;
  }

  close(): void {
    this.#stream.passed(this);
  }
}
