/**
 * What Matinee asks of a key service: it wraps small secrets (data keys, access-key secrets, token signing keys)
 * under a master key that never leaves it, bound to a context.
 *
 * Obligations of every adapter, proved by `keys.contract.ts`:
 * - `unwrap(wrap(x, c), c)` is x. Another context, or one changed bit, rejects with `forbidden`.
 * - Wrapped bytes name the master key that made them, so that keys wrapped before a rotation still unwrap.
 * - A wrapped secret says nothing of the secret but its length.
 */
export type Keys = {
  /** `secret` is 1 to 4,096 bytes; the context is not secret and is stored by the caller. */
  wrap(secret: Uint8Array, context: KeyContext): Promise<Uint8Array>;
  unwrap(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array>;
  /** A fresh random data key of 16 or 32 bytes, plain and wrapped. */
  dataKey(bytes: 16 | 32, context: KeyContext): Promise<{ plain: Uint8Array; wrapped: Uint8Array }>;
  /** New wraps use a new master key from now on; old ones still unwrap. */
  rotate(): Promise<void>;
  health(): Promise<{ ready: true } | { ready: false; reason: string }>;
};

/** Order of names does not matter. */
export type KeyContext = Readonly<Record<string, string>>;
