/**
 * Traces of real caches that lie beside the checkout. They are read where they are and never copied: AdaptSize's
 * sample in its order, and requests drawn from the popularity and sizes that Meta's CDN published with CacheLib.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { seededRandom, weightedDraw } from './random.ts';
import { plainTrace, type Trace } from './trace.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/traces/cdn/', import.meta.url));
const ADAPTSIZE = `${FOLDER}adaptsize-caffeine/request.trace.xz`;
const CACHELIB = `${FOLDER}cachelib-cdn/`;
const TEXT_BYTES_MAX = 64 * 1024 * 1024;
/** The share of Meta's keys that is drawn, and with it the share of their requests. */
const CACHELIB_SCALE = 0.005;

/** A trace, or why there is none. */
export type RealTrace = { readonly name: string; readonly trace: Trace | string };

export function realTraces(): RealTrace[] {
  return [
    { name: 'AdaptSize sample (real order)', trace: readOr(ADAPTSIZE, adaptSize) },
    { name: 'Meta CDN (CacheLib, 0.5 %, IRM)', trace: readOr(`${CACHELIB}pop.json`, cacheLib) },
  ];
}

function readOr(file: string, read: () => Trace | string): Trace | string {
  return existsSync(file) ? read() : 'not beside this checkout';
}

/** Lines of time, object, size. */
function adaptSize(): Trace | string {
  const unpacked = spawnSync('xz', ['-dc', ADAPTSIZE], { encoding: 'latin1', maxBuffer: TEXT_BYTES_MAX });
  if (unpacked.status !== 0) return 'the program xz is not installed';
  const numbers = new Map<string, number>();
  const sizes: number[] = [];
  const objects: number[] = [];
  for (const line of unpacked.stdout.split('\n')) {
    const [, name, size] = line.trim().split(/\s+/);
    if (name === undefined || size === undefined) continue;
    let object = numbers.get(name);
    if (object === undefined) {
      object = sizes.push(Number(size)) - 1;
      numbers.set(name, object);
    }
    objects.push(object);
  }
  return plainTrace('adaptsize', Uint32Array.from(sizes), Uint32Array.from(objects));
}

/** Bucket i holds `popularityBuckets[i]` keys, which had `popularityWeights[i]` requests together. */
function cacheLib(): Trace {
  const popularity = readJson('pop.json') as { popularityWeights: number[]; popularityBuckets: number[] };
  const lengths = readJson('sizes.json') as { valSizeRange: number[]; valSizeRangeProbability: number[] };
  const random = seededRandom(11);
  const weights: number[] = [];
  for (const [i, keys] of popularity.popularityBuckets.entries()) {
    const drawn = Math.floor(keys * CACHELIB_SCALE + random.unit());
    for (let n = 0; n < drawn; n++) weights.push((popularity.popularityWeights[i] ?? 0) / keys);
  }
  const drawSize = weightedDraw(lengths.valSizeRangeProbability, random);
  const sizes = Uint32Array.from(weights, () => lengths.valSizeRange[drawSize()] ?? 1);
  const requests = Math.round(weights.reduce((sum, weight) => sum + weight, 0));
  const draw = weightedDraw(weights, random);
  return plainTrace('cachelib', sizes, Uint32Array.from({ length: requests }, draw));
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(`${CACHELIB}${name}`, 'utf8'));
}
