/** Times of thumbnail sheets, and the WebVTT file that tells simple players where each picture is. */
import type { ThumbnailSheets } from '../../../contracts/tasks.ts';
import { type Film, urlPath } from './film.ts';

export const THUMBNAILS_ENTRY = 'thumbnails.vtt';

/** How long each sheet stands for, in seconds; the last one ends with the film. */
export function sheetDurations(sheets: ThumbnailSheets, filmS: number): number[] {
  const fullS = sheets.columns * sheets.rows * sheets.everyS;
  return sheets.files.map((_, at) => Math.max(0.001, Math.min(fullS, filmS - at * fullS)));
}

/** One cue a picture, its place in the sheet as a media fragment (`#xywh=`, W3C Media Fragments 1.0). */
export function thumbnailCues({ thumbnails, durationS }: Film): string | undefined {
  if (!thumbnails) return undefined;
  const { path, sheets } = thumbnails;
  const { columns, rows, width, height, everyS, count, files } = sheets;
  const cues: string[] = [];
  for (let n = 0; n < count && n * everyS < durationS; n++) {
    const file = files[Math.floor(n / (columns * rows))];
    if (file === undefined) break;
    const x = (n % columns) * width;
    const y = (Math.floor(n / columns) % rows) * height;
    const times = `${clock(n * everyS)} --> ${clock(Math.min(durationS, (n + 1) * everyS))}`;
    cues.push(`${times}\n${urlPath(path + file)}#xywh=${x},${y},${width},${height}`);
  }
  return `WEBVTT\n\n${cues.join('\n\n')}\n`;
}

function clock(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${two(h)}:${two(m)}:${two(s)}.${String(ms % 1000).padStart(3, '0')}`;
}
