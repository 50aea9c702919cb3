/** Simulated time: what is to happen, in its order. Equal moments keep the order in which they were asked for. */
type Event = { atMs: number; order: number; happen(): void };

export type Timeline = {
  nowMs(): number;
  after(ms: number, happen: () => void): void;
  /** Until nothing is left to happen. */
  run(): void;
};

export function createTimeline(): Timeline {
  // A binary heap, the next event first.
  const heap: Event[] = [];
  let nowMs = 0;
  let order = 0;
  const isBefore = (a: Event, b: Event) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  const at = (index: number) => heap[index] as Event;
  const swap = (a: number, b: number) => {
    const kept = at(a);
    heap[a] = at(b);
    heap[b] = kept;
  };

  function take(): Event | undefined {
    const first = heap[0];
    const moved = heap.pop();
    if (!first || !moved || heap.length === 0) return first;
    heap[0] = moved;
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let least = index;
      if (left < heap.length && isBefore(at(left), at(least))) least = left;
      if (right < heap.length && isBefore(at(right), at(least))) least = right;
      if (least === index) return first;
      swap(index, least);
      index = least;
    }
  }

  return {
    nowMs: () => nowMs,
    after: (ms, happen) => {
      heap.push({ atMs: nowMs + ms, order: order++, happen });
      for (let index = heap.length - 1; index > 0; ) {
        const parent = (index - 1) >> 1;
        if (!isBefore(at(index), at(parent))) break;
        swap(index, parent);
        index = parent;
      }
    },
    run: () => {
      for (let event = take(); event; event = take()) {
        nowMs = event.atMs;
        event.happen();
      }
    },
  };
}
