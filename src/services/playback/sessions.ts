/** Play sessions in `tables`: each expires by itself when its player falls silent, so that they never pile up. */
import type { Clock } from '../../platform/clock.ts';
import { ignoring, isMatineeError, MatineeError } from '../../platform/errors.ts';
import type { Item, ItemValue, Tables } from '../../ports/tables/tables.ts';

export type Session = {
  id: string;
  title: string;
  /** Null for a player that keeps no name; its place lives and ends with the session. */
  device: string | null;
  /** The newest publication that this session was told of. */
  publication: number;
  /** Where the viewer is, once the player has said so. */
  positionS: number | null;
  /** Its player has said good-bye. */
  ended: boolean;
};

export type Sessions = ReturnType<typeof createSessions>;

/** The last report of a page that goes away may come after its good-bye, on another connection. */
const ENDED_LIFE_S = 60;
const SORT_KEY = 'session';

export function createSessions(tables: Tables, clock: Clock, idleS: number) {
  const table = tables.table('play-sessions');
  const inS = (seconds: number) => Math.floor(clock.now() / 1000) + seconds;
  const keyOf = (id: string) => ({ pk: id, sk: SORT_KEY });
  const change = async (id: string, set: ItemValue, lifeS: number): Promise<Session> => {
    try {
      const options = { condition: { exists: true }, expiresAt: inS(lifeS) } as const;
      return sessionOf(await table.update(keyOf(id), { set }, options));
    } catch (error) {
      if (!isMatineeError(error, 'precondition_failed')) throw error;
      throw new MatineeError('not_found', 'this session has ended; press play again');
    }
  };

  return {
    open: async ({ id, title, device, publication }: Session): Promise<void> => {
      const value = { title, device, publication, startedMs: clock.now() };
      await table.put(keyOf(id), value, { expiresAt: inS(idleS) });
    },

    /** Sets what was heard and keeps it from expiring. Throws not_found for one that nobody remembers. */
    touch: (id: string, heard: ItemValue): Promise<Session> => change(id, heard, idleS),

    /** Also of one that has ended long ago. */
    end: async (id: string): Promise<void> => {
      await change(id, { ended: true }, ENDED_LIFE_S).catch(ignoring('not_found'));
    },
  };
}

function sessionOf({ pk, value }: Item): Session {
  return {
    id: pk,
    title: String(value.title),
    device: typeof value.device === 'string' ? value.device : null,
    publication: Number(value.publication),
    positionS: typeof value.positionS === 'number' ? value.positionS : null,
    ended: value.ended === true,
  };
}
