/**
 * The disk tier as a shard sees it: its own files, and those of the other shards to read from. What is written is
 * written by the owner alone.
 */
import type { Copy } from '../checked-file.ts';
import type { DiskTier } from '../disk-tier.ts';
import type { OpenFile } from '../open-files.ts';
import type { ObjectMeta } from '../stored-object.ts';
import { ownerOf, type ShardPlace } from './ownership.ts';
import type { SiblingFiles } from './sibling-files.ts';

/** What the cache asks of a disk tier. */
export type FileTier = Pick<
  DiskTier,
  'openFile' | 'mayHold' | 'holds' | 'get' | 'put' | 'delete' | 'touch' | 'isBehind' | 'healed'
>;

export type ShardFilesDeps = {
  own: DiskTier;
  siblings: SiblingFiles;
  /** Folders of all shards' files, by index. */
  folders: readonly string[];
  /** Hears of objects of others that are in use here. */
  touched(name: string, owner: number): void;
};

export class ShardFiles implements FileTier {
  readonly #deps: ShardFilesDeps;
  readonly #place: ShardPlace;

  constructor(deps: ShardFilesDeps, place: ShardPlace) {
    this.#deps = deps;
    this.#place = place;
  }

  get isBehind(): boolean {
    return this.#deps.own.isBehind;
  }

  get healed(): number {
    return this.#deps.own.healed;
  }

  openFile(name: string): OpenFile | undefined {
    const { own, siblings } = this.#deps;
    const file = own.openFile(name);
    if (file) return file;
    const theirs = siblings.openFile(name);
    if (theirs) this.touch(name);
    return theirs;
  }

  /** Whether another shard has a file is seen when it is read. */
  mayHold(name: string): boolean {
    return !this.#isOwn(name) || this.#deps.own.mayHold(name);
  }

  holds(name: string): boolean {
    return this.#isOwn(name) && this.#deps.own.holds(name);
  }

  get(name: string): Promise<Copy | undefined> {
    const { own, siblings, folders } = this.#deps;
    const owner = ownerOf(name, this.#place.count);
    if (owner === this.#place.index) return own.get(name);
    return siblings.get(folders[owner] as string, name);
  }

  put(name: string, meta: ObjectMeta, body: Buffer): void {
    if (this.#isOwn(name)) this.#deps.own.put(name, meta, body);
  }

  delete(name: string): void {
    if (this.#isOwn(name)) this.#deps.own.delete(name);
    else this.#deps.siblings.delete(name);
  }

  touch(name: string): void {
    const owner = ownerOf(name, this.#place.count);
    if (owner === this.#place.index) this.#deps.own.touch(name);
    else this.#deps.touched(name, owner);
  }

  #isOwn(name: string): boolean {
    return ownerOf(name, this.#place.count) === this.#place.index;
  }
}
