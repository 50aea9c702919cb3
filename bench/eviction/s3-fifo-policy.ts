/** The edge's own S3-FIFO (`src/services/edge/s3-fifo.ts`) as a policy of the simulation. */
import { S3Fifo, type S3FifoEntry } from '../../src/services/edge/s3-fifo.ts';
import type { Policy, Trace } from './trace.ts';

export class S3FifoPolicy implements Policy {
  readonly #trace: Trace;
  readonly #queue: S3Fifo<S3FifoEntry>;

  constructor(trace: Trace, bytesMax: number) {
    this.#trace = trace;
    this.#queue = new S3Fifo(bytesMax);
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  request(object: number): boolean {
    const key = this.#trace.keys[object] ?? '';
    if (this.#queue.get(key)) return true;
    this.#queue.put({ key, bytes: this.#trace.sizes[object] ?? 0, visits: 0 });
    return false;
  }
}
