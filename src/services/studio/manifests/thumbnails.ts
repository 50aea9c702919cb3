/** Times of thumbnail sheets, and the WebVTT file that tells simple players where each picture is. */
import type { ThumbnailSheets } from '../../../contracts/tasks.ts';
import { type Film, urlPath } from './film.ts';

export const THUMBNAILS_ENTRY = 'thumbnails.vtt';

/** What part of the film each sheet stands for; the last one ends with the film. */
export function sheetTimes(
  sheets: ThumbnailSheets,
  durationS: number,
): Array<{ file: string; fromS: number; toS: number }> {
  const fullS = sheets.columns * sheets.rows * sheets.everyS;
  return sheets.files
    .map((file, at) => ({ file, fromS: at * fullS, toS: Math.min((at + 1) * fullS, durationS) }))
    .filter(({ fromS, toS }) => toS > fromS);
}

/** One cue a picture, its place in the sheet as a media fragment (`#xywh=`, W3C Media Fragments 1.0). */
export function thumbnailCues({ thumbnails, durationS }: Film): string | undefined {
  if (!thumbnails) return undefined;
  const { path, sheets } = thumbnails;
  const { columns, rows, width, height, everyS, count, files } = sheets;
  const endMs = Math.round(durationS * 1000);
  const cues: string[] = [];
  for (let n = 0; n < count; n++) {
    const file = files[Math.floor(n / (columns * rows))];
    const fromMs = Math.round(n * everyS * 1000);
    if (file === undefined || fromMs >= endMs) break;
    const toMs = Math.min(endMs, Math.round((n + 1) * everyS * 1000));
    const x = (n % columns) * width;
    const y = (Math.floor(n / columns) % rows) * height;
    const place = `${urlPath(path + file)}#xywh=${x},${y},${width},${height}`;
    cues.push(`${cueTime(fromMs)} --> ${cueTime(toMs)}\n${place}`);
  }
  return `WEBVTT\n\n${cues.join('\n\n')}\n`;
}

/** A time of WebVTT. */
export function cueTime(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${two(h)}:${two(m)}:${two(s)}.${String(ms % 1000).padStart(3, '0')}`;
}
