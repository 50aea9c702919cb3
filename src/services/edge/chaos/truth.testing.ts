/**
 * The objects of the chaos tests: what a key says is all there is to know of its bytes, so that the origin makes
 * them and the loader checks them without either holding a copy. It does no I/O.
 */
import { createCipheriv, createHash } from 'node:crypto';
import { PREFIX } from '../edge.testing.ts';

/** `live` objects change when the origin's version does; the others never change. */
export type Kind = 'film' | 'live' | 'cold';
export type Thing = {
  readonly key: string;
  readonly kind: Kind;
  readonly size: number;
  readonly maxAgeS: number;
};

/** A prime, so that no piece of a round size begins like the piece before it. */
const NOISE_BYTES = 1_000_003;
/** The key stream of AES in counter mode under a key of zeros: noise that is the same everywhere. */
const NOISE = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(NOISE_BYTES),
);

export function thing(kind: Kind, number: number, size: number, maxAgeS: number): Thing {
  return { key: `${PREFIX}${kind}-${number}.${size}.${maxAgeS}`, kind, size, maxAgeS };
}

export function readThing(key: string): Thing | undefined {
  const [, kind, number, size, maxAgeS] = /\/(film|live|cold)-([0-9]+)\.([0-9]+)\.([0-9]+)$/.exec(key) ?? [];
  return kind === undefined ? undefined : thing(kind as Kind, Number(number), Number(size), Number(maxAgeS));
}

/** One version of an object. */
export type Edition = { readonly etag: string; readonly start: number };

export function edition({ key, kind }: Thing, version: number): Edition {
  const digest = createHash('sha256')
    .update(`${key} ${kind === 'live' ? version : 0}`)
    .digest();
  return { etag: `"${digest.toString('hex', 0, 8)}"`, start: digest.readUInt32LE(8) % NOISE_BYTES };
}

/** The longest piece from byte `at` on that is at hand, at most `length` bytes. It must not be written to. */
export function pieceOf({ start }: Edition, at: number, length: number): Buffer {
  const from = (start + at) % NOISE_BYTES;
  return NOISE.subarray(from, Math.min(from + length, NOISE_BYTES));
}

/** Whether the bytes are those of the edition from byte `at` on: each of them is compared. */
export function isTrue(of: Edition, at: number, bytes: Buffer): boolean {
  for (let done = 0; done < bytes.length; ) {
    const piece = pieceOf(of, at + done, bytes.length - done);
    if (bytes.compare(piece, 0, piece.length, done, done + piece.length) !== 0) return false;
    done += piece.length;
  }
  return true;
}
