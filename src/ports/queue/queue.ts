/**
 * What Matinee asks of a durable work queue: named queues, leases with heartbeats, fencing, dead letters.
 *
 * Obligations of every adapter, proved by `queue.contract.ts`:
 * - A resolved `send` survives `kill -9`. Delivery is at least once.
 * - A leased job is invisible to others until its lease runs out, is failed, or is completed. `heartbeat`
 *   renews the lease. A lost worker's job is leased again within `leaseS` plus a few seconds.
 * - **Fencing.** Every lease of a job has a higher `attempt`. `heartbeat`, `complete` and `fail` with an old
 *   attempt reject with `stale_attempt` and change nothing.
 * - Higher `priority` first, then older first. `key` makes a send idempotent while a job with that key waits or runs.
 * - After `triesMax` failed attempts a job goes to the queue's dead letters with its last error.
 */
export type Queue = {
  /** Creates the queue when there is none; the options of an existing one are brought to these. */
  declare(queue: string, options: QueueOptions): Promise<void>;
  /** Resolves to the ids; undefined where `key` was already waiting or running. */
  send(queue: string, jobs: readonly NewJob[]): Promise<Array<string | undefined>>;
  /**
   * At most `limit` jobs at once; waits up to `waitMs` for the first; never rejects for want of work. Leaves what has
   * a lower priority than `priorityMin` to others.
   */
  lease(
    queue: string,
    options: { limit: number; waitMs: number; priorityMin?: number; signal?: AbortSignal },
  ): Promise<Job[]>;
  heartbeat(queue: string, job: JobRef): Promise<void>;
  complete(queue: string, job: JobRef): Promise<void>;
  /** With `retry: false` the job goes to the dead letters at once. */
  fail(
    queue: string,
    job: JobRef,
    error: { code: string; message: string },
    options: { retry: boolean; delayS?: number },
  ): Promise<void>;
  /** Takes waiting and running jobs with this key out of the queue; running attempts become stale. */
  cancel(queue: string, keys: readonly string[]): Promise<void>;
  deadLetters(queue: string, options: { limit: number }): Promise<DeadLetter[]>;
  depth(queue: string): Promise<{ waiting: number; running: number; dead: number }>;
  health(): Promise<{ ready: true } | { ready: false; reason: string }>;
  close(): Promise<void>;
};

export type QueueOptions = {
  /** At least 10 s. */
  leaseS: number;
  triesMax: number;
  /** Wait before a retry, doubled each time. */
  retryDelayS: number;
};

export type JobPayload = { readonly [name: string]: unknown };
export type NewJob = { payload: JobPayload; key?: string; priority?: number; delayS?: number };
export type JobRef = { id: string; attempt: number };
export type Job = JobRef & { payload: JobPayload; key?: string };
export type DeadLetter = {
  id: string;
  key?: string;
  payload: JobPayload;
  attempts: number;
  error?: { code: string; message: string };
  diedAt: Date;
};
