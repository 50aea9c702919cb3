/** DASH segment templates: which files a representation has, and when each is shown. */
import type { PackagedTrack, ThumbnailSheets } from '../../../contracts/tasks.ts';
import { assert } from '../../../platform/assert.ts';
import { urlPath } from './film.ts';
import { element } from './xml.ts';

/**
 * Times are those that hold after the edit lists of the init segments, and those of all tracks count from the film's
 * start, so that no representation needs a presentation time offset.
 */
export function trackTemplate(path: string, track: PackagedTrack): string {
  const names = track.segments.map(({ name }) => name);
  const attributes = {
    timescale: track.timescale,
    initialization: urlPath(path + track.init),
    media: template(path, names),
    startNumber: 1,
  };
  return element('SegmentTemplate', attributes, [element('SegmentTimeline', {}, timeline(track))]);
}

/** Thumbnails must have segments of one length and no time line (DASH-IF IOP 4.3, 6.2.6). */
export function sheetTemplate(path: string, { columns, rows, everyS, files }: ThumbnailSheets): string {
  const duration = Math.round(columns * rows * everyS * 1000);
  return element('SegmentTemplate', {
    media: template(path, files),
    timescale: 1000,
    duration,
    startNumber: 1,
  });
}

export function longestS({ segments, timescale }: PackagedTrack): number {
  return Math.max(...segments.map(({ ticks }) => ticks)) / timescale;
}

/** Equal segments that follow each other share one `S`. */
function timeline({ segments, startTicks }: PackagedTrack): string[] {
  const runs: Array<{ d: number; r: number }> = [];
  for (const { ticks } of segments) {
    const last = runs.at(-1);
    if (last?.d === ticks) last.r += 1;
    else runs.push({ d: ticks, r: 0 });
  }
  return runs.map(({ d, r }, at) =>
    element('S', { t: at === 0 ? startTicks : undefined, d, r: r === 0 ? undefined : r }),
  );
}

/** `name-00001.ext`, `name-00002.ext`… as a template; the names must be just that. */
function template(path: string, names: readonly string[]): string {
  const [, before = '', digits = '', after = ''] = /^(.*?)(\d+)(\.\w+)$/.exec(names[0] ?? '') ?? [];
  const nameOf = (number: number) => before + String(number).padStart(digits.length, '0') + after;
  assert(
    names.length > 0 && names.every((name, at) => name === nameOf(at + 1)),
    'the files of a track are numbered from one',
  );
  // No dollar sign of a name is left after the encoding for URLs, so the template's own are the only ones.
  return `${urlPath(path + before)}$Number%0${digits.length}d$${after}`;
}
