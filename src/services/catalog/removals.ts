/**
 * Tells the studio of removed titles. The row of a removed title is the outbox: it goes only after the queue has
 * the job, so that a `kill -9` between the two sends it again and never loses it.
 */
import type { TitleRemoved } from '../../contracts/title-removed.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import type { Titles } from './titles.ts';

const BATCH = 100;

export async function sendRemovals(titles: Titles, queue: Queue, queueName: string): Promise<void> {
  for (;;) {
    const rows = await titles.removed(BATCH);
    if (rows.length === 0) return;
    const jobs = rows.map(({ id, bucket, key }) => {
      const payload: TitleRemoved = { title: id, bucket, key };
      return { payload, key: id };
    });
    await queue.send(queueName, jobs);
    for (const { id } of rows) await titles.forget(id);
  }
}
