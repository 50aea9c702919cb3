/**
 * Keeps responses by request: the primary name is site, host and target; a response that varies is kept under a
 * name of its own, and the primary one then says by which fields. It shares the edge's memory and disk tiers.
 */
import type { DiskTier } from '../disk-tier.ts';
import type { Fields } from '../fields.ts';
import type { MemoryTier } from '../memory-tier.ts';
import type { ObjectMeta } from '../stored-object.ts';
import { variantOf } from './cache-policy.ts';

/** What a site's response needs besides what every stored object has. */
export type SiteMeta = {
  /** Request fields that select it; with any, the entry of the primary name has no body. */
  readonly vary: readonly string[];
  /** Sets variants of one marker apart from those of an earlier one. */
  readonly generation: string;
  readonly errorUntilMs: number;
  /** Set when the stored bytes are a part: the first byte, and the length of the whole. */
  readonly part?: { readonly start: number; readonly total: number };
};

export type StoredMeta = ObjectMeta & { readonly site: SiteMeta };
export type StoredResponse = {
  readonly meta: StoredMeta;
  readonly body: Buffer;
  readonly source: 'memory' | 'disk';
};

const NO_BYTES = Buffer.alloc(0);

export class SiteStore {
  readonly #memory: MemoryTier;
  readonly #disk: DiskTier;
  readonly #reads = new Map<string, Promise<StoredResponse | undefined>>();

  constructor(memory: MemoryTier, disk: DiskTier) {
    this.#memory = memory;
    this.#disk = disk;
  }

  /** The response for this request if there is one, and whether there is one for another request. */
  async find(primary: string, request: Fields): Promise<{ found?: StoredResponse; isOther: boolean }> {
    const first = await this.#get(primary);
    if (!first) return { isOther: false };
    const { vary, generation } = first.meta.site;
    if (vary.length === 0) return { found: first, isOther: false };
    const found = await this.#get(variantKey(primary, generation, vary, request));
    return found ? { found, isOther: false } : { isOther: true };
  }

  /** Keeps a response, and beside one that varies the marker that says by what. */
  async put(primary: string, request: Fields, meta: StoredMeta, body: Buffer): Promise<void> {
    const { vary } = meta.site;
    if (vary.length === 0) {
      this.#keep(primary, meta, body);
      return;
    }
    const marker = (await this.#get(primary))?.meta;
    const isSame = marker?.site.vary.join() === vary.join();
    const generation = isSame ? marker?.site.generation : meta.site.generation;
    const kept: StoredMeta = { ...meta, site: { ...meta.site, generation: generation as string } };
    // The marker lives as long as any of its variants may.
    this.#keep(primary, { ...kept, size: 0 }, NO_BYTES);
    this.#keep(variantKey(primary, kept.site.generation, vary, request), kept, body);
  }

  delete(primary: string): void {
    this.#memory.delete(primary);
    this.#disk.delete(primary);
  }

  #keep(key: string, meta: StoredMeta, body: Buffer): void {
    this.#memory.put(key, meta, body);
    this.#disk.put(key, meta, body);
  }

  async #get(key: string): Promise<StoredResponse | undefined> {
    const held = this.#memory.get(key);
    if (held) return { meta: held.meta as StoredMeta, body: held.body, source: 'memory' };
    if (!this.#disk.mayHold(key)) return undefined;
    const running = this.#reads.get(key) ?? this.#read(key);
    this.#reads.set(key, running);
    return running;
  }

  #read(key: string): Promise<StoredResponse | undefined> {
    return this.#disk
      .get(key)
      .then((copy) => {
        const held = this.#memory.get(key);
        if (held) return { meta: held.meta as StoredMeta, body: held.body, source: 'memory' as const };
        if (!copy) return undefined;
        const meta = copy.meta as StoredMeta;
        this.#memory.put(key, meta, copy.body);
        return { meta, body: copy.body, source: 'disk' as const };
      })
      .finally(() => this.#reads.delete(key));
  }
}

function variantKey(primary: string, generation: string, vary: readonly string[], request: Fields): string {
  return `${primary}\n${generation}\n${variantOf(vary, request)}`;
}
