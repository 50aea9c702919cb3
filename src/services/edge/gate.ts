/** Bounds how many pieces of work run at once and how many wait. It knows nothing of what they are. */
import { EdgeFailure } from './failure.ts';

export type GateLimits = { runningMax: number; waitingMax: number; waitMs: number };

type Waiter = { start(): void; timer: NodeJS.Timeout };

export class Gate {
  readonly #limits: GateLimits;
  readonly #waiters = new Set<Waiter>();
  #running = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** True while somebody waits, or may soon have to. */
  get isCrowded(): boolean {
    return this.#waiters.size > 0 || this.#running * 2 > this.#limits.runningMax;
  }

  /** Resolves when the work may start; whoever entered must leave. Rejects with EdgeFailure `busy`. */
  async enter(): Promise<void> {
    const { runningMax, waitingMax, waitMs } = this.#limits;
    if (this.#running < runningMax) {
      this.#running++;
      return;
    }
    if (this.#waiters.size >= waitingMax) throw new EdgeFailure('busy', 'too much is waiting already');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new EdgeFailure('busy', 'it waited too long for its turn'));
      }, waitMs);
      const waiter: Waiter = { start: resolve, timer };
      this.#waiters.add(waiter);
    });
  }

  leave(): void {
    const [next] = this.#waiters;
    if (!next) {
      this.#running--;
      return;
    }
    // The place passes on, so the count stays.
    this.#waiters.delete(next);
    clearTimeout(next.timer);
    next.start();
  }
}
