/** What an object event changes in the rows of its title: a new master at hand, or an upload that goes on. */
import { z } from 'zod';
import { expectedViews } from '../../contracts/jobs.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ObjectInfo } from '../../ports/objects/objects.ts';
import { playsUnfinished } from './light.ts';
import { LIGHT_TRACK } from './light-plan.ts';
import type { PlannedTask } from './plan.ts';
import { versionPrefix, versionWorkPrefix } from './prefixes.ts';
import type { LadderConfig } from './presets.ts';
import { addRemovals, LATE_VIEWERS_MS, LATE_WRITERS_MS } from './removals.ts';
import { insertTasks, insertTitle, isActive, lockTitle, updateTitle } from './rows.ts';
import { CAPTIONS_REFUSED, dropTasks, unneededPrefixes } from './setbacks.ts';
import type { TitleRow, Tx } from './tables.ts';
import { GLANCE, INSPECT } from './urgency.ts';

const base = { sequence: z.number(), bucket: z.string(), key: z.string() };
const upload = { ...base, uploadId: z.string(), expectedBytes: z.number().optional() };
export const eventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('created'), ...base, etag: z.string(), size: z.number() }),
  z.object({ kind: z.literal('removed'), ...base }),
  z.object({ kind: z.literal('upload-started'), ...upload }),
  z.object({ kind: z.literal('upload-progress'), ...upload, receivedBytes: z.number() }),
  z.object({ kind: z.literal('upload-aborted'), ...upload }),
]);
export type Event = z.infer<typeof eventSchema>;
export type EventOf<K extends Event['kind']> = Extract<Event, { kind: K }>;

/** Makes the object the master at hand, with an inspection to come; undefined when it is so already. */
export async function takeMaster(
  tx: Tx,
  clock: Clock,
  id: string,
  event: EventOf<'created'>,
  master: ObjectInfo,
  config: Pick<LadderConfig, 'loudnessLufs'> & { encryption: string },
): Promise<{ version: number; dropped: string[] } | undefined> {
  await insertTitle(tx, clock, { ...event, title: id }, 'inspecting');
  const title = await lockTitle(tx, id);
  if (!title || title.last_sequence >= event.sequence) return undefined;
  // The catalog knows it, so it was not removed for good unless its master is gone too.
  if (title.state === 'removed' && title.etag === null) return undefined;
  const modified = master.lastModified.getTime();
  const whole = title.reason === null || title.reason_code === CAPTIONS_REFUSED;
  const isSound = isActive(title) || (title.state === 'ready' && whole);
  if (title.etag === event.etag && isSound) {
    const values = { last_sequence: event.sequence, master_modified_ms: modified };
    await updateTitle(tx, id, values);
    return undefined;
  }
  // It was taken back before this.
  const published = playsUnfinished(title) ? null : title.published;
  const dropped = await dropVersion(tx, clock, title, event.etag);
  if (published !== title.published) {
    const prefix = versionPrefix(title.title, title.version);
    await addRemovals(tx, [prefix], clock.now() + LATE_VIEWERS_MS);
  }
  const version = title.version + 1;
  await updateTitle(tx, id, {
    state: 'inspecting',
    ...(published === null ? { published } : {}),
    last_sequence: event.sequence,
    ...{ upload_id: null, received: null, expected: null },
    ...{ etag: event.etag, master_bytes: master.size, master_modified_ms: modified, version },
    encryption: config.encryption,
    ...(title.etag === event.etag ? {} : { content_keys: null }),
    ...viewsOf(master, title),
    ...{
      inspection: null,
      plan: null,
      light: null,
      pending: null,
      progress: 0,
      reason: null,
      reason_code: null,
    },
  });
  // A viewer waits for the glance and the opening, so they have the machine for themselves first.
  const tasks = [{ ...inspectTask(master.size), waits: published === null }];
  // Whoever watches an earlier master keeps a whole film until there is one of the new master.
  if (published === null) tasks.push(glanceTask(master.size, config));
  await insertTasks(tx, id, version, tasks);
  return { version, dropped };
}

/** `x-amz-meta-expected-views` of the object, else what was expected before. */
function viewsOf({ metadata }: ObjectInfo, { expected_views: before }: TitleRow) {
  const views = expectedViews.safeParse(Number(metadata?.['expected-views'] ?? Number.NaN));
  return { expected_views: views.success ? views.data : before };
}

export const inspectTask = (bytes: number) => firstTask('inspect', 'inspect', INSPECT, bytes);

function glanceTask(bytes: number, { loudnessLufs }: Pick<LadderConfig, 'loudnessLufs'>): PlannedTask {
  const task = firstTask('glance', LIGHT_TRACK, GLANCE, bytes);
  const level = loudnessLufs === undefined ? {} : { loudnessLufs };
  return { ...task, spec: { kind: 'glance', master: '', bytes, ...level } };
}

function firstTask(kind: 'inspect' | 'glance', track: string, priority: number, bytes: number): PlannedTask {
  return { name: kind, track, kind, spec: { kind, master: '', bytes }, priority, cost: 0, waits: false };
}

/** Ends the work on a version that another one takes the place of. The same bytes again take its results over. */
async function dropVersion(tx: Tx, clock: Clock, title: TitleRow, etag: string): Promise<string[]> {
  const ids = await dropTasks(tx, title);
  const isSame = title.etag === etag;
  if (!isSame) await tx.deleteFrom('studio.results').where('title', '=', title.title).execute();
  const work = isSame || title.version === 0 ? [] : [versionWorkPrefix(title.title, title.version)];
  await addRemovals(tx, [...unneededPrefixes(title), ...work], clock.now() + LATE_WRITERS_MS);
  return ids;
}

/** True when something changed. A title that has a master keeps showing that one until the upload is complete. */
export async function takeUpload(
  tx: Tx,
  clock: Clock,
  id: string,
  event: EventOf<'upload-started' | 'upload-progress'>,
): Promise<boolean> {
  await insertTitle(tx, clock, { ...event, title: id }, 'uploading');
  const title = await lockTitle(tx, id);
  if (!title || title.last_sequence >= event.sequence) return false;
  const begins = title.state === 'refused' && title.published === null;
  if (title.state !== 'uploading' && !begins) return false;
  if (event.kind === 'upload-progress' && title.upload_id !== null && title.upload_id !== event.uploadId) {
    return false;
  }
  await updateTitle(tx, id, {
    state: 'uploading',
    last_sequence: event.sequence,
    upload_id: event.uploadId,
    received: event.kind === 'upload-progress' ? event.receivedBytes : 0,
    expected: event.expectedBytes ?? title.expected,
    ...(begins ? { progress: 0 } : {}),
  });
  return true;
}
