/** Play sessions and bookmarks in `tables`: both expire by themselves, so that neither grows without end. */
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Tables } from '../../ports/tables/tables.ts';

export type Session = { id: string; title: string; device: string | null };

export type Sessions = ReturnType<typeof createSessions>;

const BOOKMARK_LIFE_S = 365 * 86_400;
const SORT_KEY = 'session';

export function createSessions(tables: Tables, clock: Clock, idleS: number) {
  const sessions = tables.table('play-sessions');
  const bookmarks = tables.table('bookmarks');
  const inS = (seconds: number) => Math.floor(clock.now() / 1000) + seconds;
  const keyOf = (id: string) => ({ pk: id, sk: SORT_KEY });
  const bookmarkKey = (device: string, title: string) => ({ pk: device, sk: title });

  return {
    open: async (title: string, device: string | null): Promise<Session> => {
      const id = newId(clock.now());
      await sessions.put(keyOf(id), { title, device, startedMs: clock.now() }, { expiresAt: inS(idleS) });
      return { id, title, device };
    },

    /** Also keeps it from expiring. Throws not_found for one that has ended. */
    touch: async (id: string, facts: Record<string, string | number | null> = {}): Promise<Session> => {
      try {
        const { value } = await sessions.update(
          keyOf(id),
          { set: facts },
          { condition: { exists: true }, expiresAt: inS(idleS) },
        );
        return { id, title: String(value.title), device: value.device as string | null };
      } catch (error) {
        if (!isMatineeError(error, 'precondition_failed')) throw error;
        throw new MatineeError('not_found', 'this session has ended; press play again');
      }
    },

    end: (id: string) => sessions.delete(keyOf(id)),

    bookmark: async (device: string | null, title: string): Promise<number> => {
      if (device === null) return 0;
      const item = await bookmarks.get(bookmarkKey(device, title));
      return Number(item?.value.positionS ?? 0);
    },

    setBookmark: async (device: string | null, title: string, positionS: number): Promise<void> => {
      if (device === null) return;
      const value = { positionS, atMs: clock.now() };
      await bookmarks.put(bookmarkKey(device, title), value, { expiresAt: inS(BOOKMARK_LIFE_S) });
    },
  };
}
