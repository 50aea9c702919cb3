/**
 * Prepared replies that somebody may still be sending. One that the kernel took at once is nobody's, and its head can
 * be renewed in place a second later; a lent one is left alone for good, and the next second gets a new buffer.
 */
export class LentReplies {
  readonly #lent = new WeakSet<Buffer>();

  lend(reply: Buffer): void {
    this.#lent.add(reply);
  }

  /** The reply, when nobody else looks at it. */
  free(reply: Buffer | undefined): Buffer | undefined {
    return reply && !this.#lent.has(reply) ? reply : undefined;
  }
}
