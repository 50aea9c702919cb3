/** Where a device stopped in each film, in `tables`, for a year. */
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError } from '../../platform/errors.ts';
import type { Tables } from '../../ports/tables/tables.ts';

export type Bookmarks = ReturnType<typeof createBookmarks>;

const LIFE_S = 365 * 86_400;
/** Two players of one device that write at the same moment; more at once is nobody watching. */
const TRIES_MAX = 3;

export function createBookmarks(tables: Tables, clock: Clock) {
  const table = tables.table('bookmarks');
  const keyOf = (device: string, title: string) => ({ pk: device, sk: title });

  return {
    get: async (device: string | null, title: string): Promise<number> => {
      if (device === null) return 0;
      const item = await table.get(keyOf(device, title));
      return Number(item?.value.positionS ?? 0);
    },

    /** What was heard earlier never replaces what was heard later, whichever process writes first. */
    set: async (device: string | null, title: string, positionS: number, heardMs: number): Promise<void> => {
      if (device === null) return;
      const key = keyOf(device, title);
      const expiresAt = Math.floor(clock.now() / 1000) + LIFE_S;
      for (let tryNumber = 1; tryNumber <= TRIES_MAX; tryNumber++) {
        const item = await table.get(key);
        if (item && Number(item.value.heardMs) > heardMs) return;
        const condition = item ? { version: item.version } : { absent: true as const };
        try {
          await table.put(key, { positionS, heardMs }, { condition, expiresAt });
          return;
        } catch (error) {
          // The next heartbeat says it again.
          if (!isMatineeError(error, 'precondition_failed')) throw error;
        }
      }
    },
  };
}
