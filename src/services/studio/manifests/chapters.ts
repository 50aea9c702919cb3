/** Chapters of a film in the two forms that players read: Apple's JSON, and WebVTT (HTML, `kind=chapters`). */
import type { Chapter } from '../../../contracts/tasks.ts';
import type { Film } from './film.ts';
import { plainLabel } from './labels.ts';
import { cueTime } from './thumbnails.ts';

export const CHAPTERS_JSON = 'chapters.json';
export const CHAPTERS_VTT = 'chapters.vtt';

/** Those that can be gone to: within the film and longer than nothing, every one with a title. */
function chaptersOf({ chapters = [], durationS }: Film): Chapter[] {
  return chapters
    .map(({ startS, endS, title }) => ({ startS, endS: Math.min(endS, durationS), title: plainLabel(title) }))
    .filter(({ startS, endS }) => endS > startS)
    .map((one, at) => ({ ...one, title: one.title || `Chapter ${at + 1}` }));
}

export function chaptersJson(film: Film): string | undefined {
  const chapters = chaptersOf(film);
  if (chapters.length === 0) return undefined;
  return JSON.stringify(
    chapters.map(({ startS, endS, title }, at) => ({
      ...{ chapter: at + 1, 'start-time': startS, duration: Number((endS - startS).toFixed(6)) },
      titles: [{ language: 'und', title }],
    })),
  );
}

export function chapterCues(film: Film): string | undefined {
  const chapters = chaptersOf(film);
  if (chapters.length === 0) return undefined;
  const time = (seconds: number) => cueTime(Math.round(seconds * 1000));
  const cues = chapters.map(
    ({ startS, endS, title }) => `${time(startS)} --> ${time(endS)}\n${escaped(title)}`,
  );
  return `WEBVTT\n\n${cues.join('\n\n')}\n`;
}

/** What WebVTT takes for markup. An arrow cannot be left over. */
function escaped(title: string): string {
  return title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
