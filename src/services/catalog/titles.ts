/** The titles in PostgreSQL: every read and write of them, and nothing of HTTP. */
import { type Kysely, sql } from 'kysely';
import type { Publication, Title, TitleState } from '../../contracts/titles.ts';
import { createAlarm } from '../../platform/alarm.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { type CatalogTables, type TitleRow, titleOf } from './tables.ts';
import { oneLine, titleName } from './title-name.ts';
import { applyReport, type TitleReport } from './title-state.ts';

export type NewTitle = {
  bucket: string;
  key: string;
  name?: string;
  attribution?: string;
  stage?: string;
  bytesExpected?: number;
};
export type TitleQuery = { state?: TitleState; search?: string; limit: number; after?: string };
/** How often a waiting caller's title is looked at besides when something is published. */
const LOOK_EVERY_MS = 1000;

export type Titles = ReturnType<typeof createTitles>;

export function createTitles(db: Kysely<CatalogTables>, clock: Clock) {
  const published = createAlarm(clock);
  const now = () => new Date(clock.now());
  const find = async (id: string): Promise<TitleRow> => {
    const row = await db
      .selectFrom('catalog.titles')
      .selectAll()
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (!row) throw notFound();
    return row;
  };
  const change = async (id: string, work: (row: TitleRow) => Record<string, unknown> | undefined) =>
    db.transaction().execute(async (tx) => {
      const row = await tx
        .selectFrom('catalog.titles')
        .selectAll()
        .where('id', '=', id)
        .where('removed_at', 'is', null)
        .forUpdate()
        .executeTakeFirst();
      if (!row) throw notFound();
      const values = work(row);
      if (!values) return row;
      return tx
        .updateTable('catalog.titles')
        .set({ ...values, updated_at: now() })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
    });

  return {
    find,

    list: async (query: TitleQuery): Promise<{ titles: Title[]; next: string | null }> => {
      let select = db.selectFrom('catalog.titles').selectAll().where('removed_at', 'is', null);
      if (query.state) select = select.where('state', '=', query.state);
      if (query.search)
        select = select.where(sql<boolean>`strpos(lower(name), lower(${oneLine(query.search)})) > 0`);
      // Ids sort by time of creation.
      if (query.after) select = select.where('id', '<', query.after);
      const rows = await select
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .execute();
      const titles = rows.slice(0, query.limit).map(titleOf);
      return { titles, next: rows.length > query.limit ? (titles.at(-1)?.id ?? null) : null };
    },

    /** Of several callers at once, one makes the title and all get it. */
    open: async (fresh: NewTitle): Promise<{ id: string; created: boolean }> => {
      const id = newId(clock.now());
      const at = now();
      const made = await db
        .insertInto('catalog.titles')
        .values({
          ...{
            id,
            bucket: fresh.bucket,
            key: fresh.key,
            name: oneLine(fresh.name ?? '') || titleName(fresh.key),
          },
          ...{ attribution: fresh.attribution ?? null, state: 'uploading', progress: 0 },
          stage: fresh.stage ?? 'Waiting',
          ...{ eta_s: null, duration_s: null, width: null, height: null, reason: null, reason_code: null },
          ...{
            bytes: fresh.bytesExpected === undefined ? null : 0,
            bytes_expected: fresh.bytesExpected ?? null,
          },
          ...{ publication: null, created_at: at, updated_at: at },
        })
        .onConflict((conflict) =>
          conflict.columns(['bucket', 'key']).where('removed_at', 'is', null).doNothing(),
        )
        .returning('id')
        .executeTakeFirst();
      if (made) return { id: made.id, created: true };
      const known = await db
        .selectFrom('catalog.titles')
        .select('id')
        .where('bucket', '=', fresh.bucket)
        .where('key', '=', fresh.key)
        .where('removed_at', 'is', null)
        .executeTakeFirst();
      // It was removed between the two statements; the caller tries again.
      if (!known) throw new MatineeError('unavailable', 'the title was removed a moment ago');
      return { id: known.id, created: false };
    },

    edit: async (id: string, text: string): Promise<Title> => {
      const name = oneLine(text);
      if (name === '') throw new MatineeError('invalid_request', 'a name has at least one character');
      return titleOf(await change(id, () => ({ name })));
    },

    report: async (id: string, report: TitleReport): Promise<void> => {
      await change(id, (row) => applyReport(row, report));
    },

    publish: async (id: string, publication: Publication): Promise<void> => {
      await change(id, (row) => {
        if (publication.number <= row.publication_number) return undefined;
        return {
          publication: JSON.stringify(publication),
          publication_number: publication.number,
          state: row.state === 'ready' ? 'ready' : 'playable',
          duration_s: publication.durationS,
          width: publication.width,
          height: publication.height,
        };
      });
      published.ring();
    },

    /** Only while it is the newest: a later one does not depend on it. The number stays used. */
    withdraw: async (id: string, number: number): Promise<void> => {
      await change(id, (row) =>
        row.publication === null || row.publication_number !== number
          ? undefined
          : { publication: null, playable_s: null, state: 'ingesting' },
      );
    },

    /** Waits so long for the first publication of a title that may still get one. */
    publication: async (
      id: string,
      waitMs = 0,
      signal?: AbortSignal,
    ): Promise<{ title: Title; publication: Publication }> => {
      const deadline = clock.monotonic() + waitMs;
      let row = await find(id);
      while (!row.publication && row.state !== 'refused' && !signal?.aborted) {
        const leftMs = deadline - clock.monotonic();
        if (leftMs <= 0) break;
        // A publication that another catalog took rings no alarm here.
        await published.wait(Math.min(LOOK_EVERY_MS, leftMs), signal).catch(() => undefined);
        row = await find(id);
      }
      if (row.publication) return { title: titleOf(row), publication: row.publication };
      const why = row.state === 'refused' ? (row.reason ?? 'it was refused') : 'it is not ready to play yet';
      throw new MatineeError('conflict', `"${row.name}" cannot be played: ${why}`);
    },

    /** The title is gone for everybody from here on; its media is removed by the studio. */
    remove: async (id: string): Promise<void> => {
      await change(id, () => ({ removed_at: now() }));
    },

    /** Removed titles that nobody has told the studio of yet. */
    removed: async (limit: number) =>
      db
        .selectFrom('catalog.titles')
        .select(['id', 'bucket', 'key'])
        .where('removed_at', 'is not', null)
        .limit(limit)
        .execute(),

    forget: async (id: string): Promise<void> => {
      await db
        .deleteFrom('catalog.titles')
        .where('id', '=', id)
        .where('removed_at', 'is not', null)
        .execute();
    },
  };
}

function notFound(): MatineeError {
  return new MatineeError('not_found', 'there is no such title');
}
