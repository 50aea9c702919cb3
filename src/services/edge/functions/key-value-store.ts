/**
 * The data that functions read beside their code: small texts by key, bounded as CloudFront KeyValueStore is. A function
 * only reads; whoever operates the edge writes, and the next call sees it. It keeps nothing on disk.
 */
import { MatineeError } from '../../../platform/errors.ts';

export type KeyValueMeta = { creationDateTime: string; lastUpdatedDateTime: string; keyCount: number };
export type KeyValueLimits = { storeBytesMax: number; keyBytesMax: number; valueBytesMax: number };

/** Source: CloudFront's quotas on key value stores. */
export const KEY_VALUE_LIMITS: KeyValueLimits = {
  storeBytesMax: 5 * 1024 * 1024,
  keyBytesMax: 512,
  valueBytesMax: 1024,
};

export class KeyValueStore {
  readonly id: string;
  readonly #now: () => number;
  readonly #limits: KeyValueLimits;
  readonly #values = new Map<string, string>();
  readonly #createdMs: number;
  #updatedMs: number;
  #bytes = 0;

  constructor(id: string, now: () => number, limits: KeyValueLimits = KEY_VALUE_LIMITS) {
    this.id = id;
    this.#now = now;
    this.#limits = limits;
    this.#createdMs = this.#updatedMs = now();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a text, or refuses it with `too_large` and changes nothing. */
  put(key: string, value: string): void {
    const { storeBytesMax, keyBytesMax, valueBytesMax } = this.#limits;
    const keyBytes = Buffer.byteLength(key);
    const valueBytes = Buffer.byteLength(value);
    if (keyBytes === 0) throw new MatineeError('invalid_request', 'a key has at least one byte');
    if (keyBytes > keyBytesMax) throw new MatineeError('too_large', `a key has at most ${keyBytesMax} bytes`);
    if (valueBytes > valueBytesMax)
      throw new MatineeError('too_large', `a value has at most ${valueBytesMax} bytes`);
    const bytes = this.#bytes + keyBytes + valueBytes - this.#sizeOf(key);
    if (bytes > storeBytesMax)
      throw new MatineeError('too_large', `a store has at most ${storeBytesMax} bytes`);
    this.#values.set(key, value);
    this.#bytes = bytes;
    this.#updatedMs = this.#now();
  }

  delete(key: string): boolean {
    this.#bytes -= this.#sizeOf(key);
    this.#updatedMs = this.#now();
    return this.#values.delete(key);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  meta(): KeyValueMeta {
    return {
      creationDateTime: new Date(this.#createdMs).toISOString(),
      lastUpdatedDateTime: new Date(this.#updatedMs).toISOString(),
      keyCount: this.#values.size,
    };
  }

  /** Bytes that an entry takes now; 0 when there is none. */
  #sizeOf(key: string): number {
    const value = this.#values.get(key);
    return value === undefined ? 0 : Buffer.byteLength(key) + Buffer.byteLength(value);
  }
}
