/**
 * Tells the catalog how titles fare: only what changed, progress at most once a second. What was told is stored, so
 * that a restart neither repeats itself nor forgets the last word.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Meter, type Outlook, outlookOf, workShare } from './outlook.ts';
import type { Db, TitleRow } from './tables.ts';
import type { TaskState } from './tracks.ts';

export type Teller = {
  /** Resolves to true when something is left to tell a little later. Throws not_found when the title is gone. */
  tell(title: TitleRow, tasks: readonly TaskState[], signal: AbortSignal): Promise<boolean>;
  /** Drops what is remembered of a title that is at rest. */
  forget(title: string): void;
};

const EVERY_MS = 1000;

export function createTeller(deps: { db: Db; catalog: CatalogClient; clock: Clock }): Teller {
  const { db, catalog, clock } = deps;
  const meters = new Map<string, Meter & { version: number }>();
  const toldAtMs = new Map<string, number>();

  const meterOf = (title: TitleRow, tasks: readonly TaskState[]): Meter => {
    const known = meters.get(title.title);
    if (known?.version === title.version) return known;
    const meter = { ms: clock.now(), share: workShare(tasks), version: title.version };
    if (title.state === 'encoding') meters.set(title.title, meter);
    return meter;
  };

  return {
    async tell(title, tasks, signal) {
      const outlook = outlookOf(title, tasks, meterOf(title, tasks), clock.now());
      const text = JSON.stringify(outlook);
      if (text === title.told) return false;
      const sinceMs = clock.now() - (toldAtMs.get(title.title) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < EVERY_MS && isProgressOnly(title.told, outlook)) return true;
      await catalog.reportTitle({ params: { id: title.title }, body: outlook }, signal);
      toldAtMs.set(title.title, clock.now());
      await db
        .updateTable('studio.titles')
        .set({ told: text, progress: outlook.progress })
        .where('title', '=', title.title)
        .where('state', '=', title.state)
        .where('version', '=', title.version)
        .execute();
      return false;
    },
    forget(title) {
      meters.delete(title);
      toldAtMs.delete(title);
    },
  };
}

function isProgressOnly(told: string | null, outlook: Outlook): boolean {
  if (told === null) return false;
  const before = JSON.parse(told) as Outlook;
  return before.state === outlook.state && before.stage === outlook.stage && before.reason === outlook.reason;
}
