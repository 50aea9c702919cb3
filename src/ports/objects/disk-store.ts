/** What the parts of the disk store share, and the one way in which a written body becomes visible. */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Blobs, WrittenBody } from './disk-blobs.ts';
import type { Commits } from './disk-database.ts';
import type { NewEvent, Outbox } from './disk-events.ts';
import type { Metadata } from './disk-metadata.ts';
import type { Uploads } from './disk-uploads.ts';

export type DiskStore = {
  metadata: Metadata;
  uploads: Uploads;
  outbox: Outbox;
  commits: Commits;
  blobs: Blobs;
  clock: Clock;
  log: Log;
  quietBuckets: ReadonlySet<string>;
};

/** What a change leaves behind: its answer, and blobs that nothing names any more. */
export type Change<T> = { value: T; freed: readonly string[] };

/** Commits a change, then frees what it left; the order is what keeps a crash from losing bytes. */
export async function commit<T>(store: DiskStore, change: () => Change<T>): Promise<T> {
  const { value, freed } = await store.commits.run(change);
  store.blobs.remove(freed);
  store.outbox.wake();
  return value;
}

/** Like `commit`, for a change that names a body just written; without the commit the body goes. */
export async function commitBody<T>(
  store: DiskStore,
  written: WrittenBody,
  change: () => Change<T>,
): Promise<T> {
  try {
    const value = await commit(store, change);
    store.blobs.settle(written);
    return value;
  } catch (error) {
    await store.blobs.discard(written);
    throw error;
  }
}

/** Within a commit: an event, unless its bucket is one that nobody listens to. */
export function tell(store: DiskStore, event: NewEvent): void {
  if (!store.quietBuckets.has(event.bucket)) store.outbox.add(event);
}
