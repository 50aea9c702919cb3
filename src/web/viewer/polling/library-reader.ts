/**
 * Reads the library so that a large one costs little: most rounds ask for the newest titles only, where things
 * move, and lay them over what is known; a full round now and then finds the rest.
 */
import { callEndpoint, type Transport } from '../../../contracts/call.ts';
import { listTitles, type Title } from '../../../contracts/titles.ts';

const NEWEST = 48;
const PAGE = 500;
/** 5000 titles; beyond that the wall shows the newest. */
const PAGES_MAX = 10;
const FULL_EVERY_MS = 10_000;

export type LibraryReader = (
  previous: readonly Title[] | undefined,
  signal: AbortSignal,
) => Promise<readonly Title[]>;

export function createLibraryReader(transport: Transport, now: () => number): LibraryReader {
  let fullAt = Number.NEGATIVE_INFINITY;
  return async (previous, signal) => {
    if (previous && now() - fullAt < FULL_EVERY_MS) {
      const page = await callEndpoint(transport, listTitles, { query: { limit: NEWEST } }, signal);
      return page.next === null ? page.titles : layOver(previous, page.titles);
    }
    const all: Title[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const page = await callEndpoint(transport, listTitles, { query: { limit: PAGE, after } }, signal);
      all.push(...page.titles);
      if (page.next === null) break;
      after = page.next;
    }
    fullAt = now();
    return all;
  };
}

/** The newest titles in front, then everything older that was known; what is gone from the newest is gone. */
export function layOver(known: readonly Title[], newest: readonly Title[]): Title[] {
  const oldest = newest.at(-1);
  if (!oldest) return [];
  const ids = new Set(newest.map(({ id }) => id));
  const older = known.filter(({ id, createdAt }) => !ids.has(id) && createdAt <= oldest.createdAt);
  return [...newest, ...older];
}

export function isMoving({ state }: Title): boolean {
  return state === 'uploading' || state === 'ingesting' || state === 'playable';
}
