/**
 * Counts the bodies that replies under way hold on to, each once however many replies share it. The memory tier
 * may throw a body out while slow readers still need it; this keeps what they hold together within a bound.
 */
export class PinnedBytes {
  readonly #bytesMax: number;
  readonly #holders = new Map<ArrayBufferLike, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when nothing should be brought into memory that is not there already. */
  get isSpent(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** Any part of a body holds all of it. */
  pin({ buffer }: Buffer): void {
    const holders = this.#holders.get(buffer) ?? 0;
    if (holders === 0) this.#bytes += buffer.byteLength;
    this.#holders.set(buffer, holders + 1);
  }

  unpin({ buffer }: Buffer): void {
    const holders = (this.#holders.get(buffer) ?? 1) - 1;
    if (holders > 0) {
      this.#holders.set(buffer, holders);
    } else if (this.#holders.delete(buffer)) {
      this.#bytes -= buffer.byteLength;
    }
  }
}
