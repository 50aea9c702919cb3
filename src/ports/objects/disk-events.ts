/**
 * The outbox: events are rows of the same transaction as the change that caused them, and stay until they are
 * acknowledged. Of the progress of one upload only the newest is kept.
 */
import type { DatabaseSync } from 'node:sqlite';
import { createAlarm } from '../../platform/alarm.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Commits } from './disk-database.ts';
import { keyBytes, textOf } from './disk-rows.ts';
import type { ObjectEvent, ObjectEvents } from './objects.ts';

/** `Omit` over each member of the union. */
type WithoutStamp<T> = T extends unknown ? Omit<T, 'sequence' | 'at'> : never;
export type NewEvent = WithoutStamp<ObjectEvent>;

export type Outbox = ObjectEvents & {
  /** Within a commit. */
  add(event: NewEvent): void;
  /** After a commit: lets those go on who wait for events. */
  wake(): void;
  /** Lets all go on who wait, and lets nobody wait any more. */
  stop(): void;
};

const TAKE_MAX = 1000;

export function createOutbox(db: DatabaseSync, commits: Commits, clock: Clock): Outbox {
  const insert = db.prepare(
    'INSERT INTO events (at, bucket, key, kind, upload, facts) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const dropProgress = db.prepare("DELETE FROM events WHERE upload = ? AND kind = 'upload-progress'");
  const select = db.prepare('SELECT * FROM events ORDER BY sequence LIMIT ?');
  const remove = db.prepare('DELETE FROM events WHERE sequence = ?');
  const alarm = createAlarm(clock);
  let stopped = false;

  const read = (limit: number) => select.all(Math.min(limit, TAKE_MAX)).map(eventOfRow);

  return {
    add: (event) => {
      const { bucket, key, kind, ...facts } = event;
      const upload = 'uploadId' in event ? event.uploadId : null;
      if (kind === 'upload-progress') dropProgress.run(upload);
      insert.run(clock.now(), bucket, keyBytes(key), kind, upload, JSON.stringify(facts));
    },
    wake: alarm.ring,
    stop: () => {
      stopped = true;
      alarm.ring();
    },
    take: async (limit, waitMs, signal) => {
      signal?.throwIfAborted();
      const present = read(limit);
      if (present.length > 0 || waitMs <= 0 || stopped) return present;
      await alarm.wait(waitMs, signal);
      return read(limit);
    },
    acknowledge: (sequences) =>
      commits.run(() => {
        for (const sequence of sequences) remove.run(sequence);
      }),
  };
}

function eventOfRow(row: Record<string, unknown>): ObjectEvent {
  return {
    sequence: row.sequence as number,
    at: new Date(row.at as number),
    bucket: row.bucket as string,
    key: textOf(row.key),
    kind: row.kind,
    ...JSON.parse(row.facts as string),
  } as ObjectEvent;
}
