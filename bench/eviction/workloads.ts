/** Workloads without plays: Zipf, a scan over a hot set, a premiere. What film sessions do is in `vod.ts`. */
import { type Random, seededRandom, weightedDraw, zipfWeights } from './random.ts';
import { plainTrace, type Trace } from './trace.ts';

const KIB = 1024;

/** Independent requests (IRM): Zipf 0.9 over objects of mixed sizes. */
export function zipfTrace(seed: number, requests = 150_000, objects = 30_000): Trace {
  const random = seededRandom(seed);
  const draw = weightedDraw(zipfWeights(objects, 0.9), random);
  const wanted = Uint32Array.from({ length: requests }, draw);
  return plainTrace('zipf 0.9 (IRM)', mixedSizes(objects, random), wanted);
}

/** Three of ten requests belong to plays of films that nobody asks for again, in runs, above a hot set. */
export function scanTrace(seed: number, requests = 150_000, hot = 4000): Trace {
  const random = seededRandom(seed);
  const draw = weightedDraw(zipfWeights(hot, 0.8), random);
  let cold = hot;
  const wanted = Uint32Array.from({ length: requests }, () => (random.unit() < 0.3 ? cold++ : draw()));
  return plainTrace('scan over a hot set', mixedSizes(cold, random), wanted);
}

/** From the middle on, a title that nobody knew takes six of ten requests, its openings more than its ends. */
export function premiereTrace(seed: number, requests = 150_000, old = 20_000, fresh = 2000): Trace {
  const random = seededRandom(seed);
  const drawOld = weightedDraw(zipfWeights(old, 0.9), random);
  const drawFresh = weightedDraw(zipfWeights(fresh, 0.3), random);
  const wanted = Uint32Array.from({ length: requests }, (_, i) =>
    i > requests / 2 && random.unit() < 0.6 ? old + drawFresh() : drawOld(),
  );
  return plainTrace('premiere', mixedSizes(old + fresh, random), wanted);
}

function mixedSizes(objects: number, random: Random): Uint32Array {
  return Uint32Array.from({ length: objects }, () =>
    Math.min(4096 * KIB, Math.max(4 * KIB, Math.round(900 * KIB * random.logNormal(1)))),
  );
}
