/**
 * Remembers an instance of QuickJS as it is between two calls and puts it back, whatever happened meanwhile: a finished
 * call, an exception, memory run out, a trap in the middle. A copy of some 200 KiB costs a few microseconds, a new context
 * hundreds, and unlike clean-up code a copy forgets nothing. What lies above the heap's top at the time is not restored: the
 * allocator takes no byte from there without writing it first.
 */
import type { Instance } from './engine.ts';

/** The stack of this build of Emscripten: `-s STACK_SIZE=5MB`, between the static data and the heap. */
const STACK_BYTES = 5 * 1024 * 1024;

export class Snapshot {
  readonly #live: Uint8Array;
  readonly #instance: Instance;
  readonly #data: Uint8Array;
  readonly #heap: Uint8Array;
  readonly #heapStart: number;

  /** `stackTop` is the stack pointer of an instance at rest, which is where its heap begins. */
  constructor(instance: Instance, stackTop: number) {
    const live = new Uint8Array(instance.memory.buffer);
    const dataEnd = stackTop - STACK_BYTES;
    const heapEnd = lastWritten(live, live.length) + 1;
    // The lower half of the stack is never reached; bytes there would mean that the layout is another one.
    if (dataEnd <= 0 || lastWritten(live, stackTop - STACK_BYTES / 2) >= dataEnd || heapEnd <= stackTop)
      throw new Error('the memory of QuickJS is not laid out as expected');
    this.#instance = instance;
    this.#live = live;
    this.#heapStart = stackTop;
    this.#data = live.slice(0, dataEnd);
    this.#heap = live.slice(stackTop, heapEnd);
  }

  get bytes(): number {
    return this.#data.length + this.#heap.length;
  }

  restore(): void {
    this.#live.set(this.#data, 0);
    this.#live.set(this.#heap, this.#heapStart);
    this.#instance.stack.value = this.#heapStart;
  }
}

/** Index of the last byte of the last word before `end` that is not zero; -1 when all are. `end` is a multiple of four. */
function lastWritten(bytes: Uint8Array, end: number): number {
  const words = new Uint32Array(bytes.buffer, 0, end / 4);
  let at = words.length - 1;
  while (at >= 0 && words[at] === 0) at--;
  return at * 4 + 3;
}
