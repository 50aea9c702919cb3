/**
 * Bytes of one object or slice, of known length, that may still be arriving. Any number of readers follow it
 * without a copy; none of them can slow down or stop the filling.
 */
export class GrowingBody {
  readonly bytes: Buffer;
  #filled: number;
  #failure: Error | undefined;
  #step: PromiseWithResolvers<void> | undefined;

  private constructor(bytes: Buffer, filled: number) {
    this.bytes = bytes;
    this.#filled = filled;
  }

  static complete(bytes: Buffer): GrowingBody {
    return new GrowingBody(bytes, bytes.length);
  }

  static empty(length: number): GrowingBody {
    // Not from the shared pool: a cached body must not keep a neighbour's memory alive.
    return new GrowingBody(Buffer.allocUnsafeSlow(length), 0);
  }

  get length(): number {
    return this.bytes.length;
  }

  get filled(): number {
    return this.#filled;
  }

  get isComplete(): boolean {
    return this.#filled === this.bytes.length;
  }

  /** Why no more bytes will come. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Takes what fits of the chunk and wakes the readers. */
  append(chunk: Uint8Array): void {
    const room = this.bytes.length - this.#filled;
    this.bytes.set(chunk.length > room ? chunk.subarray(0, room) : chunk, this.#filled);
    this.#filled += Math.min(chunk.length, room);
    this.#wake();
  }

  fail(failure: Error): void {
    if (this.isComplete) return;
    this.#failure = failure;
    this.#wake();
  }

  /** Resolves when there are more bytes than `offset`, or no more will come. */
  async past(offset: number): Promise<void> {
    while (this.#filled <= offset && !this.isComplete && !this.#failure) {
      this.#step ??= Promise.withResolvers<void>();
      await this.#step.promise;
    }
  }

  #wake(): void {
    const step = this.#step;
    this.#step = undefined;
    step?.resolve();
  }
}
