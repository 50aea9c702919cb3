/** Counts what calls of one version cost: how many, how they ended, and how long they took. Bounded: a histogram. */
import type { FunctionResult } from './event.ts';

export type Cost = {
  calls: number;
  /** Calls that threw, or returned what may not be. */
  errors: number;
  /** Calls that ran into a limit, or were not made because earlier ones did. */
  throttled: number;
  meanUs: number;
  /** Upper end of the class that holds the 99th of 100 calls: at most a fifth too much. */
  p99Us: number;
};

/** Four classes an octave from 1 us on; the last, of 2^19 us and more, is open. */
const CLASSES_AN_OCTAVE = 4;
const CLASSES = 19 * CLASSES_AN_OCTAVE + 1;

export class CostMeter {
  readonly #classes = new Float64Array(CLASSES);
  #calls = 0;
  #errors = 0;
  #throttled = 0;
  #sumUs = 0;
  #timed = 0;

  get failures(): number {
    return this.#errors + this.#throttled;
  }

  add(us: number, result: FunctionResult): void {
    this.#end(result);
    this.#timed++;
    this.#sumUs += us;
    const at = Math.min(CLASSES - 1, Math.max(0, Math.ceil(Math.log2(us) * CLASSES_AN_OCTAVE)));
    this.#classes[at] = (this.#classes[at] as number) + 1;
  }

  /** A call that was not made. */
  addSkipped(): void {
    this.#calls++;
    this.#throttled++;
  }

  read(): Cost {
    const meanUs = this.#timed === 0 ? 0 : this.#sumUs / this.#timed;
    const { p99Us } = this;
    return {
      calls: this.#calls,
      errors: this.#errors,
      throttled: this.#throttled,
      meanUs: tenths(meanUs),
      p99Us,
    };
  }

  get p99Us(): number {
    let below = 0;
    for (let at = 0; at < CLASSES && this.#timed > 0; at++) {
      below += this.#classes[at] as number;
      if (below >= 0.99 * this.#timed) return tenths(2 ** (at / CLASSES_AN_OCTAVE));
    }
    return 0;
  }

  #end(result: FunctionResult): void {
    this.#calls++;
    if (result.kind !== 'failed') return;
    if (isOverrun(result)) this.#throttled++;
    else this.#errors++;
  }
}

/** Whether a call ended at a limit. */
export function isOverrun(result: FunctionResult): boolean {
  if (result.kind !== 'failed') return false;
  return result.reason === 'timeout' || result.reason === 'memory' || result.reason === 'stack';
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
