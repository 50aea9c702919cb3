/**
 * What code in the sandbox may ask of the host: a line for the log, bytes in another encoding, a digest, an entry of its
 * key-value store. Each call is charged by the bytes that it moves, so that no function makes the host work for it without end.
 * Nothing here reaches the network, a file, a timer or the edge's own state.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten-core';
import type { KeyValueStore } from './key-value-store.ts';
import type { FunctionLimits } from './limits.ts';

const ALGORITHMS: readonly string[] = ['md5', 'sha1', 'sha256'];
const CUT = ' [cut]';

type Encoding = 'utf8' | 'hex' | 'base64' | 'base64url' | 'latin1';

export class HostCalls {
  readonly #context: QuickJSContext;
  readonly #limits: FunctionLimits;
  readonly #kvs: KeyValueStore | undefined;
  #hashes: Array<Hash | Hmac | undefined> = [];
  #bytes = 0;
  #logBytes = 0;
  logs: string[] = [];

  constructor(context: QuickJSContext, limits: FunctionLimits, kvs: KeyValueStore | undefined) {
    this.#context = context;
    this.#limits = limits;
    this.#kvs = kvs;
  }

  /** Bytes that were moved or digested in this call. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Forgets the call before. */
  reset(): void {
    if (this.#hashes.length > 0) this.#hashes = [];
    if (this.logs.length > 0) this.logs = [];
    this.#bytes = this.#logBytes = 0;
  }

  /** An object for the sandbox with a function for each call. The handles stay alive, so that no guest can free them. */
  install(): QuickJSHandle {
    const context = this.#context;
    const host = context.newObject();
    const calls: Record<string, (...args: QuickJSHandle[]) => QuickJSHandle | undefined> = {
      log: (line) => this.#log(this.#text(line)),
      encode: (text, encoding) =>
        this.#toGuest(Buffer.from(this.#text(text), context.getString(given(encoding)) as Encoding)),
      decode: (bytes, encoding) =>
        context.newString(
          this.#spend(this.#fromGuest(bytes).toString(context.getString(given(encoding)) as Encoding)),
        ),
      hashOpen: (algorithm, key) => this.#hashOpen(context.getString(given(algorithm)), key),
      hashText: (id, text) => void this.#hash(id).update(this.#text(text), 'utf8'),
      hashBytes: (id, bytes) => void this.#hash(id).update(this.#fromGuest(bytes)),
      hashEnd: (id) => this.#toGuest(this.#hash(id, true).digest()),
      kvOpen: (id) => this.#kvOpen(context.getString(given(id))),
      kvGet: (_store, key) => {
        const value = this.#store().get(this.#text(key));
        if (value === undefined) throw new Error('KeyNotFound');
        return context.newString(this.#spend(value));
      },
      kvExists: (_store, key) => context.newNumber(this.#store().has(this.#text(key)) ? 1 : 0),
      kvMeta: () => context.newString(this.#spend(JSON.stringify(this.#store().meta()))),
    };
    for (const [name, call] of Object.entries(calls)) {
      context.setProp(host, name, context.newFunction(name, call));
    }
    return host;
  }

  #log(line: string): undefined {
    const room = this.#limits.logBytesMax - this.#logBytes;
    if (room <= 0) return;
    const kept = line.length > room ? line.slice(0, room) + CUT : line;
    this.#logBytes += kept.length + 1;
    this.logs.push(kept);
  }

  #text(handle: QuickJSHandle | undefined): string {
    return this.#spend(this.#context.getString(given(handle)));
  }

  #fromGuest(handle: QuickJSHandle | undefined): Buffer {
    const view = this.#context.getArrayBuffer(given(handle));
    const bytes = Buffer.from(view.value);
    view.dispose();
    this.#spend(bytes);
    return bytes;
  }

  #toGuest(bytes: Buffer): QuickJSHandle {
    this.#spend(bytes);
    const { buffer, byteOffset, byteLength } = bytes;
    return this.#context.newArrayBuffer(buffer.slice(byteOffset, byteOffset + byteLength));
  }

  /** Counts what moves; buffers from the host are outside QuickJS's own memory limit, so this is theirs. */
  #spend<T extends { length: number }>(moved: T): T {
    this.#bytes += moved.length;
    if (this.#bytes > this.#limits.memoryBytesMax) throw new Error('too many bytes asked of the host');
    return moved;
  }

  #hashOpen(algorithm: string, key: QuickJSHandle | undefined): QuickJSHandle {
    if (!ALGORITHMS.includes(algorithm)) throw new Error('the algorithms are md5, sha1 and sha256');
    if (this.#hashes.length >= this.#limits.hashesMax) throw new Error('too many digests in one call');
    const hash = key === undefined ? createHash(algorithm) : createHmac(algorithm, this.#fromGuest(key));
    return this.#context.newNumber(this.#hashes.push(hash) - 1);
  }

  #hash(id: QuickJSHandle | undefined, end = false): Hash | Hmac {
    const index = this.#context.getNumber(given(id));
    const hash = this.#hashes[index];
    if (!hash) throw new Error('the digest has been taken already');
    if (end) this.#hashes[index] = undefined;
    return hash;
  }

  #kvOpen(id: string): QuickJSHandle {
    if (id !== '' && id !== this.#store().id)
      throw new Error('the function has no key-value store of this id');
    this.#store();
    return this.#context.newNumber(0);
  }

  #store(): KeyValueStore {
    if (!this.#kvs) throw new Error('the function has no key-value store');
    return this.#kvs;
  }
}

function given(handle: QuickJSHandle | undefined): QuickJSHandle {
  if (!handle) throw new Error('an argument is missing');
  return handle;
}
