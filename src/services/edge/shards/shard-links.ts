/**
 * A shard's way to objects: through their owner, and past an owner that is away to the origin. Only the owner of an
 * object asks the origin while all is well, so that one fetch serves the whole edge.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { LinkChain, type LinkChainOptions, type LinkCounts, type NamedLink } from '../link-chain.ts';
import type { OriginGet, OriginLink } from '../origin-link.ts';
import { ownerOf, type ShardPlace } from './ownership.ts';

export class ShardLinks implements OriginLink {
  readonly #place: ShardPlace;
  readonly #origin: LinkChain;
  /** By index; none to itself. */
  readonly #owners: ReadonlyArray<LinkChain | undefined>;

  constructor(
    { clock, log }: { clock: Clock; log: Log },
    place: ShardPlace,
    origin: LinkChain,
    siblings: ReadonlyArray<NamedLink | undefined>,
    options: LinkChainOptions,
  ) {
    this.#place = place;
    this.#origin = origin;
    const past: NamedLink = { name: 'origin', link: origin, check: async () => true };
    this.#owners = siblings.map((link) => link && new LinkChain(clock, log, [link, past], options));
  }

  get(what: OriginGet): Promise<IncomingMessage> {
    const owner = this.#owners[ownerOf(what.key, this.#place.count)];
    return (owner ?? this.#origin).get(what);
  }

  /** Ways to the origin, then those to the other shards. */
  counts(): LinkCounts[] {
    const toOwners = this.#owners.flatMap((chain) => chain?.counts().slice(0, 1) ?? []);
    return [...this.#origin.counts(), ...toOwners];
  }

  close(): void {
    for (const chain of this.#owners) chain?.close();
    this.#origin.close();
  }
}
