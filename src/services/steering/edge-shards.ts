/**
 * An edge as steering knows it: one or more processes that share its address. To everybody else they are one edge,
 * whose sizes and rates are added up and which has done only what all of them have done.
 */
import type { EdgeShard } from '../../contracts/edges.ts';

export type Heartbeat = {
  url: string;
  region: string;
  ready: boolean;
  draining: boolean;
  requestsPerS: number;
  bytesPerS: number;
  hitRatio: number;
  memoryBytes: number;
  diskBytes: number;
};

/** What is known of one process, or of all processes of an edge together. */
export type Known = Heartbeat & {
  /** On the clock that never steps, to tell the living from the silent. */
  heardMs: number;
  /** On the clock on the wall, for people. */
  seenMs: number;
  /** The last order that it has carried out, and the version of the configuration that it follows. */
  doneSeq: number;
  configVersion: number;
};

export type KnownEdge = Known & { name: string; shards: number; shardsHeard: number };

export type EdgeShards = { readonly count: number; readonly shards: Map<number, Known> };

/** With what one process says now. Those of an earlier count are gone. */
export function hearShard(
  known: EdgeShards | undefined,
  { index, count }: EdgeShard,
  beat: Heartbeat,
  now: Pick<Known, 'heardMs' | 'seenMs'>,
): EdgeShards {
  const shards = known?.count === count ? known.shards : new Map<number, Known>();
  const { doneSeq = -1, configVersion = -1 } = shards.get(index) ?? {};
  shards.set(index, { ...beat, ...now, doneSeq, configVersion });
  return { count, shards };
}

/** All processes of an edge as one. Those that are silent count only where all are. */
export function asOne(
  name: string,
  { count, shards }: EdgeShards,
  isHeard: (one: Known) => boolean,
): KnownEdge {
  const all = [...shards.values()];
  const heard = all.filter(isHeard);
  const of = heard.length > 0 ? heard : all;
  const newest = of.toSorted((a, b) => b.heardMs - a.heardMs)[0] as Known;
  const sum = (what: (one: Known) => number) => of.reduce((total, one) => total + what(one), 0);
  const requestsPerS = sum((one) => one.requestsPerS);
  const hits = sum((one) => one.hitRatio * one.requestsPerS);
  return {
    ...newest,
    name,
    // The kernel sends connections to those that listen, which is all that a viewer needs.
    ready: of.some(({ ready }) => ready),
    draining: of.every(({ draining }) => draining),
    requestsPerS,
    bytesPerS: sum((one) => one.bytesPerS),
    hitRatio: requestsPerS > 0 ? Math.round((1000 * hits) / requestsPerS) / 1000 : newest.hitRatio,
    memoryBytes: sum((one) => one.memoryBytes),
    diskBytes: sum((one) => one.diskBytes),
    doneSeq: Math.min(...of.map(({ doneSeq }) => doneSeq)),
    configVersion: Math.min(...of.map(({ configVersion }) => configVersion)),
    shards: count,
    shardsHeard: heard.length,
  };
}
