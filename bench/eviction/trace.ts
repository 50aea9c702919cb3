/** A sequence of requests in memory, and the policies that it is played through. No generator and no policy here. */

/** Objects are numbered; request `i` is for `objects[i]`, by `sessions[i]` (-1: no play), at `timesMs[i]`. */
export type Trace = {
  readonly name: string;
  readonly keys: readonly string[];
  readonly sizes: Uint32Array;
  readonly objects: Uint32Array;
  readonly sessions: Int32Array;
  readonly timesMs: Float64Array;
  /** Objects that are published before request `before` and that an edge may fetch at once, in order. */
  readonly publications: ReadonlyArray<{ readonly before: number; readonly objects: readonly number[] }>;
};

export interface Policy {
  /** What is held now; must never be above the budget. */
  readonly bytes: number;
  /** Bytes that it fetched before anybody asked, and those of them that somebody then asked for. */
  readonly aheadBytes?: number;
  readonly aheadUsedBytes?: number;
  /** Serves request `index`, which is for `object`; true when it was held. */
  request(object: number, index: number): boolean;
}

/** Bytes of all different objects that are asked for. */
export function footprint(trace: Trace): number {
  const seen = new Uint8Array(trace.sizes.length);
  let bytes = 0;
  for (const object of trace.objects) {
    if (seen[object]) continue;
    seen[object] = 1;
    bytes += trace.sizes[object] ?? 0;
  }
  return bytes;
}

/** For each request the index of the next one for its object, or Infinity. */
export function nextUses(trace: Trace): Float64Array {
  const next = new Float64Array(trace.objects.length);
  const last = new Float64Array(trace.sizes.length).fill(Number.POSITIVE_INFINITY);
  for (let i = trace.objects.length - 1; i >= 0; i--) {
    const object = trace.objects[i] ?? 0;
    next[i] = last[object] ?? Number.POSITIVE_INFINITY;
    last[object] = i;
  }
  return next;
}

/** A trace without plays: one request a millisecond. */
export function plainTrace(name: string, sizes: Uint32Array, objects: Uint32Array): Trace {
  return {
    name,
    keys: Array.from(sizes, (_, object) => `o/${object}`),
    sizes,
    objects,
    sessions: new Int32Array(objects.length).fill(-1),
    timesMs: Float64Array.from(objects, (_, i) => i),
    publications: [],
  };
}
