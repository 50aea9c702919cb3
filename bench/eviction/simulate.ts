/** Plays a trace through a policy and counts hits after a warm-up. It decides nothing. */
import type { Policy, Trace } from './trace.ts';

export const WARM_UP_SHARE = 0.2;

/** All in per cent of the bytes, or of the requests, that were asked for after the warm-up. */
export type Outcome = {
  /** Hits, without the first use of what was fetched ahead. */
  byteHits: number;
  objectHits: number;
  /** First uses of what was fetched ahead: quick for the viewer, but the origin sent the bytes all the same. */
  aheadHits: number;
  /** What the origin sent: misses and all that was fetched ahead. */
  originBytes: number;
};

export function simulate(trace: Trace, policy: Policy): Outcome {
  const from = Math.floor(trace.objects.length * WARM_UP_SHARE);
  const before = { ahead: 0, used: 0 };
  let bytes = 0;
  let byteHits = 0;
  let hits = 0;
  for (let i = 0; i < trace.objects.length; i++) {
    if (i === from) {
      before.ahead = policy.aheadBytes ?? 0;
      before.used = policy.aheadUsedBytes ?? 0;
    }
    const object = trace.objects[i] ?? 0;
    const hit = policy.request(object, i);
    if (i < from) continue;
    const size = trace.sizes[object] ?? 0;
    bytes += size;
    if (!hit) continue;
    byteHits += size;
    hits++;
  }
  const ahead = (policy.aheadBytes ?? 0) - before.ahead;
  const used = (policy.aheadUsedBytes ?? 0) - before.used;
  return {
    byteHits: (100 * (byteHits - used)) / bytes,
    objectHits: (100 * hits) / (trace.objects.length - from),
    aheadHits: (100 * used) / bytes,
    originBytes: (100 * (bytes - byteHits + ahead)) / bytes,
  };
}
