/**
 * Tells owners which of their objects are in use at this shard, once a second at most for each, so that eviction there
 * does not take an object for forgotten. What is lost or too much is no loss: it is told again while it is in use.
 */
import type { Clock } from '../../../platform/clock.ts';

export type TouchesDeps = {
  clock: Clock;
  /** Resolves when the owner has heard of them; what it rejects with does not matter. */
  tell(owner: number, names: readonly string[]): Promise<void>;
};

const EVERY_MS = 1000;
/** Names that wait for one owner. */
const WAITING_MAX = 512;

export class Touches {
  readonly #deps: TouchesDeps;
  readonly #waiting: ReadonlyArray<Set<string>>;
  readonly #end = new AbortController();

  constructor(deps: TouchesDeps, owners: number) {
    this.#deps = deps;
    this.#waiting = Array.from({ length: owners }, () => new Set<string>());
    void this.#run();
  }

  add(name: string, owner: number): void {
    const names = this.#waiting[owner];
    if (names && names.size < WAITING_MAX) names.add(name);
  }

  close(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    const { clock, tell } = this.#deps;
    const { signal } = this.#end;
    while (!signal.aborted) {
      await clock.sleep(EVERY_MS, signal).catch(() => undefined);
      for (const [owner, names] of this.#waiting.entries()) {
        if (signal.aborted || names.size === 0) continue;
        const told = [...names];
        names.clear();
        await tell(owner, told).catch(() => undefined);
      }
    }
  }
}
