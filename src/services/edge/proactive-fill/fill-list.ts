/**
 * What of a plan is still to be done at this edge: openings before whole films, each once, a share of the cache at
 * most, and what failed again after a while. No I/O here.
 */
import { FILLED_MAX, type FilledParts, type FillTitle } from '../../../contracts/fill.ts';
import type { Clock } from '../../../platform/clock.ts';

export type FillJob = { readonly title: FillTitle; readonly part: 'opening' | 'rest' };

type Progress = { number: number; opening?: number; rest?: number; failures: number; retryMs: number };

/** Parts of the cache that openings and whole films may take; the rest is for what viewers ask for. */
const OPENINGS_SHARE = 0.25;
const FILMS_SHARE = 0.5;
const FAILURES_MAX = 5;
const RETRY_MS = 15_000;

export class FillList {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #capacityBytes: number;
  readonly #progress = new Map<string, Progress>();
  #titles: readonly FillTitle[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>, capacityBytes: number) {
    this.#clock = clock;
    this.#capacityBytes = capacityBytes;
  }

  follow(titles: readonly FillTitle[]): void {
    this.#titles = titles;
    const numbers = new Map(titles.map(({ title, number }) => [title, number]));
    for (const [title, { number }] of this.#progress)
      if (numbers.get(title) !== number) this.#progress.delete(title);
  }

  /** The opening that is due. */
  opening(): FillJob | undefined {
    if (this.#sum('opening') >= this.#capacityBytes * OPENINGS_SHARE) return undefined;
    const title = this.#titles.find((one) => this.#isDue(one, 'opening'));
    return title && { title, part: 'opening' };
  }

  /** The film that is due, once its opening has been seen to. */
  rest(): FillJob | undefined {
    const room = this.#capacityBytes * FILMS_SHARE - this.#sum('rest');
    const title = this.#titles.find(
      (one) =>
        one.whole &&
        one.bytes <= room &&
        this.#progress.get(one.title)?.opening !== undefined &&
        this.#isDue(one, 'rest'),
    );
    return title && { title, part: 'rest' };
  }

  /** Whether the plan still asks for it. */
  isWanted({ title, part }: FillJob): boolean {
    const now = this.#titles.find((one) => one.title === title.title);
    return now?.number === title.number && (part === 'opening' || now.whole);
  }

  done(job: FillJob, bytes: number): void {
    if (this.isWanted(job)) this.#of(job.title)[job.part] = bytes;
  }

  /** What has come whole, the newest last. */
  filled(): FilledParts {
    return [...this.#progress]
      .flatMap(([title, { number, opening, rest }]) => [
        ...(opening ? [{ title, number, whole: false }] : []),
        ...(rest ? [{ title, number, whole: true }] : []),
      ])
      .slice(-FILLED_MAX);
  }

  /** True when it will not be tried again. */
  failed(job: FillJob): boolean {
    const progress = this.#of(job.title);
    progress.failures++;
    progress.retryMs = this.#clock.monotonic() + RETRY_MS;
    if (progress.failures < FAILURES_MAX) return false;
    this.done(job, 0);
    return true;
  }

  #isDue({ title }: FillTitle, part: FillJob['part']): boolean {
    const progress = this.#progress.get(title);
    if (!progress) return true;
    return progress[part] === undefined && this.#clock.monotonic() >= progress.retryMs;
  }

  #of({ title, number }: FillTitle): Progress {
    const known = this.#progress.get(title);
    if (known?.number === number) return known;
    const fresh = { number, failures: 0, retryMs: 0 };
    this.#progress.set(title, fresh);
    return fresh;
  }

  #sum(part: FillJob['part']): number {
    let sum = 0;
    for (const progress of this.#progress.values()) sum += progress[part] ?? 0;
    return sum;
  }
}
