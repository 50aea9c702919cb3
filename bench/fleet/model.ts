/**
 * How long tasks take: what the studio's planner thinks, corrected by what real tasks of the same kind took here, and
 * spread, because easy and hard chunks differ. The same task takes the same time in every run.
 */
import type { TaskKind } from '../../src/contracts/tasks.ts';
import type { Film, Model } from './simulate.ts';

/** Measured processor time over planned cost. */
export type Factors = Partial<Record<TaskKind, number>>;

/** Lease, program start, storing, report: what a worker spends on no picture. */
const OVERHEAD_MS = 300;
/** Chunks of a film take up to so much more or less than their mean. */
const SPREAD = 0.5;

export function modelOf(factors: Factors, inspectMs: number): Model {
  return ({ kind, cost, name }, film: Film) => {
    if (kind === 'inspect') return OVERHEAD_MS + inspectMs;
    const varies =
      kind === 'encode-video' ? 1 + SPREAD * (2 * unitOf(`${film.found.durationS}${name}`) - 1) : 1;
    return OVERHEAD_MS + cost * (factors[kind] ?? 1) * varies;
  };
}

/** A number from 0 to 1 that looks random and is the same for the same text (FNV-1a, mixed). */
function unitOf(text: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
