/** Arithmetic on keys in byte order: where a prefix begins and ends. Pure. */

/** The least key there can be; SQLite gets no empty BLOB, since a binding of no bytes may become NULL. */
export const LEAST_KEY = Buffer.from([0]);

/** The first possible key with this prefix. */
export function firstWith(prefix: Buffer): Buffer {
  return prefix.length === 0 ? LEAST_KEY : prefix;
}

/** The least key that is greater than this one. */
export function following(key: Uint8Array): Buffer {
  return Buffer.concat([key, LEAST_KEY]);
}

/** The least byte string greater than all that begin with these bytes; undefined when there is none. */
export function successor(prefix: Buffer): Buffer | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const byte = prefix[length - 1] as number;
    if (byte < 0xff) return Buffer.concat([prefix.subarray(0, length - 1), Buffer.from([byte + 1])]);
  }
  return undefined;
}
