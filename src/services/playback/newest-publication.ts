/**
 * The number of each title's newest publication, as heartbeats ask for it: asked once for all viewers of a film
 * within a moment, and answered from the session while the catalog is away, so that nobody's film stops for it.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';

export type NewestPublication = (title: string, lastTold: number) => Promise<number>;

const FRESH_MS = 1000;
const TITLES_MAX = 2000;
const ASK_LIMIT_MS = 3000;

export function createNewestPublication(deps: {
  catalog: CatalogClient;
  clock: Clock;
  log: Log;
}): NewestPublication {
  const { catalog, clock, log } = deps;
  const asked = new Map<string, { number: Promise<number>; atMs: number }>();

  const ask = async (title: string): Promise<number> => {
    const limit = AbortSignal.timeout(ASK_LIMIT_MS);
    return (await catalog.getPublication({ params: { id: title } }, limit)).publication.number;
  };
  const newest = (title: string): Promise<number> => {
    const known = asked.get(title);
    if (known && clock.monotonic() - known.atMs < FRESH_MS) return known.number;
    const number = ask(title);
    asked.delete(title);
    asked.set(title, { number, atMs: clock.monotonic() });
    const [oldest] = asked.keys();
    if (asked.size > TITLES_MAX && oldest !== undefined) asked.delete(oldest);
    return number;
  };
  return async (title, lastTold) => {
    try {
      return await newest(title);
    } catch (error) {
      // A title that was removed is the viewer's to know; a catalog that is away is not.
      if (isMatineeError(error) && error.row.status < 500) throw error;
      log.debug('the catalog does not tell the newest publication', { title, error });
      return lastTold;
    }
  };
}
