/**
 * Plays a film that is still being made as if all of it were there: the manifest lists the whole film, and requests
 * for segments that do not exist yet are held back here until they do. While any is held the small file that tells
 * what there is gets read again and again, and the server hears where the viewer waits. The engine never learns of
 * it: to it such a segment is one that takes a while.
 */
import { type LightExtent, lightExtent } from '../../contracts/light.ts';
import type { Timers } from './timers.ts';

export type GrowingFilmDeps = {
  timers: Timers;
  /** The file at that key from whichever edge serves; rejects when none does. */
  read(key: string): Promise<unknown>;
  /** Tells the server where the viewer waits. Its failure does no harm. */
  hurry(positionS: number): void;
  /** Something more is there. */
  onGrown(): void;
  /** No more will come: the film was withdrawn, or goes on in another publication. */
  onEnded(extent: LightExtent): void;
};

export type GrowingFilm = {
  /** The film of that extent file plays now; undefined for one that does not grow. */
  follow(extentKey: string | undefined): void;
  /** Resolves when the segment at that key is there, or nobody waits for it any more; undefined when it need not wait. */
  gate(key: string): Promise<void> | undefined;
  /** Lets go of all requests that are held: the viewer has gone elsewhere. */
  release(): void;
  close(): void;
};

/** Edges ask the store once a second, so that asking them more often than this brings nothing. */
const READ_EVERY_MS = 400;
const HURRY_EVERY_MS = 4000;

type Held = { segment: number; letGo: () => void };

export function createGrowingFilm(deps: GrowingFilmDeps): GrowingFilm {
  const { timers } = deps;
  let key: string | undefined;
  let folder = '';
  let extent: LightExtent | undefined;
  let held: Held[] = [];
  let callOff: (() => void) | undefined;
  let hurriedFor = 0;
  let hurriedAt = Number.NEGATIVE_INFINITY;

  const isThere = (segment: number) =>
    extent?.state === 'complete' ||
    (extent?.spans.some(([first, last]) => first <= segment && segment <= last) ?? false);
  const letGo = (which: (one: Held) => boolean) => {
    const free = held.filter(which);
    held = held.filter((one) => !which(one));
    for (const one of free) one.letGo();
  };
  /** The first segment that is held, unless it comes next by itself. */
  const hurryOn = () => {
    const wanted = Math.min(...held.map(({ segment }) => segment));
    if (!extent || held.length === 0 || isThere(wanted)) return;
    const again = timers.now() - hurriedAt >= HURRY_EVERY_MS;
    if (wanted === hurriedFor && !again) return;
    hurriedFor = wanted;
    hurriedAt = timers.now();
    // A moment into the segment, so that rounding does not name the one before.
    deps.hurry((wanted - 1) * extent.segmentS + 0.1);
  };
  const look = async () => {
    const asked = key;
    if (asked === undefined) return;
    try {
      const told = lightExtent.parse(await deps.read(asked));
      if (asked !== key) return;
      const news = JSON.stringify(told) !== JSON.stringify(extent);
      extent = told;
      if (news) deps.onGrown();
      letGo(({ segment }) => isThere(segment));
      if (news && (told.state === 'ended' || told.state === 'withdrawn') && held.length > 0)
        deps.onEnded(told);
      hurryOn();
    } catch {
      // An edge that is away is asked again, or another one is.
    }
    callOff = undefined;
    if (held.length > 0) next();
  };
  const next = (ms = READ_EVERY_MS) => {
    callOff ??= timers.after(ms, () => void look());
  };
  const release = () => letGo(() => true);

  return {
    follow: (extentKey) => {
      release();
      callOff?.();
      callOff = undefined;
      key = extentKey;
      extent = undefined;
      // The manifests of a version lie one folder below what they list.
      folder = extentKey?.replace(/[^/]+\/[^/]+$/, '') ?? '';
    },
    gate: (of) => {
      if (key === undefined || !of.startsWith(folder)) return undefined;
      const number = /^[^/]+\/0\/[va](\d{5})\.m4s$/.exec(of.slice(folder.length))?.[1];
      if (number === undefined || isThere(Number(number))) return undefined;
      const segment = Number(number);
      return new Promise((resolve) => {
        held.push({ segment, letGo: resolve });
        if (extent) hurryOn();
        next(extent ? READ_EVERY_MS : 0);
      });
    },
    release,
    close: () => {
      callOff?.();
      key = undefined;
      release();
    },
  };
}
