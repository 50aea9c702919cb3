/**
 * For tests only: a packaged film that is published as one that grows, as a first light is: its lowest rung and its first
 * sound, a segment more every time, until it is whole.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PackagedTrack } from './contracts/tasks.ts';
import type { PackagedFilm } from './packaged-film.testing.ts';
import type { Film } from './services/studio/manifests/film.ts';
import { composeManifests } from './services/studio/manifests/manifests.ts';

/** Publishes what is there at once, then one more segment every `everyMs`; resolves when all is. */
export async function growCopy(
  packaged: PackagedFilm,
  name: string,
  { first, everyMs }: { first: number; everyMs: number },
): Promise<{ whole: Promise<void> }> {
  const sinceMs = Date.now();
  const segments = packaged.film.video[0]?.track.segments.length ?? 0;
  const folder = join(packaged.folder, name);
  await mkdir(folder);
  const publish = async (count: number) => {
    const { files } = composeManifests(
      grownTo(packaged.film, count, count === segments ? undefined : sinceMs),
    );
    for (const file of files) {
      // Nobody reads half a manifest.
      await writeFile(join(folder, `${file.name}.new`), file.text);
      await rename(join(folder, `${file.name}.new`), join(folder, file.name));
    }
  };
  const growOn = async () => {
    for (let count = first + 1; count <= segments; count++) {
      await sleep(everyMs);
      await publish(count);
    }
  };
  await publish(first);
  return { whole: growOn() };
}

function grownTo({ durationS, video, audio }: Film, count: number, sinceMs: number | undefined): Film {
  const cut = <T extends { track: PackagedTrack }>({ track, ...one }: T) => ({
    ...one,
    track: { ...track, segments: track.segments.slice(0, count) },
  });
  const shown = video.slice(0, 1).map(({ keys: _, ...one }) => cut(one));
  const [first] = shown;
  const ticks = first?.track.segments.reduce((sum, segment) => sum + segment.ticks, 0) ?? 0;
  const reachS = ticks / (first?.track.timescale ?? 1);
  return {
    ...{ durationS: reachS, video: shown, audio: audio.slice(0, 1).map(cut), text: [], thumbnails: null },
    ...{ isEvent: true, ...(sinceMs === undefined ? {} : { growing: { sinceMs, filmS: durationS } }) },
  };
}
