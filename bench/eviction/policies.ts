/** The table of the policies that are compared, in the order in which they are printed. */
import { Belady } from './belady.ts';
import { LfuDa } from './lfu-da.ts';
import { Lru, SecondHitLru } from './lru.ts';
import { PlayPolicy } from './play-policy.ts';
import { S3FifoPolicy } from './s3-fifo-policy.ts';
import { Sieve } from './sieve.ts';
import type { Policy, Trace } from './trace.ts';
import { WTinyLfu } from './w-tiny-lfu.ts';

export type PolicyRow = {
  readonly name: string;
  /** `optimum` knows the future; `ahead` fetches what nobody asked for yet. */
  readonly kind: 'simple' | 'ours' | 'ahead' | 'optimum';
  create(trace: Trace, bytesMax: number): Policy;
};

export const POLICIES: readonly PolicyRow[] = [
  { name: 'LRU', kind: 'simple', create: (trace, max) => new Lru(trace, max) },
  { name: 'LRU 2nd hit', kind: 'simple', create: (trace, max) => new SecondHitLru(trace, max) },
  { name: 'SIEVE', kind: 'simple', create: (trace, max) => new Sieve(trace, max) },
  { name: 'W-TinyLFU', kind: 'simple', create: (trace, max) => new WTinyLfu(trace, max) },
  { name: 'LFU-DA', kind: 'simple', create: (trace, max) => new LfuDa(trace, max) },
  { name: 'S3-FIFO', kind: 'simple', create: (trace, max) => new S3FifoPolicy(trace, max) },
  { name: 'ours', kind: 'ours', create: (trace, max) => new PlayPolicy(trace, max) },
  {
    name: 'ours + openings',
    kind: 'ahead',
    create: (trace, max) => new PlayPolicy(trace, max, { next: false, openings: true }),
  },
  {
    name: 'ours + next segment',
    kind: 'ahead',
    create: (trace, max) => new PlayPolicy(trace, max, { next: true, openings: false }),
  },
  { name: 'Belady', kind: 'optimum', create: (trace, max) => new Belady(trace, max) },
];
