/**
 * Makes a title's still pictures: sheets of thumbnails for the seek bar and one poster.
 *
 * One pass over the film gives the thumbnails (decoding key frames only, where there are enough of them) and with
 * them small grey pictures; the best of those in the first 60 % (`poster-choice.ts` states how it is judged) tells
 * the time at which the poster is taken in full size.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskResult, TaskSpec, ThumbnailSheets } from '../../contracts/tasks.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import { evenSide, type Shape, seekOptions, stillShapeFilters } from './picture-filters.ts';
import { choosePoster, type GreyPicture } from './poster-choice.ts';
import { isIndexed, type ProbedStream, probeStream, scanPackets } from './probe.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type ImagesSpec = Extract<TaskSpec, { kind: 'images' }>;

const POSTER_FILE = 'poster.jpg';
const GREY_FILE = 'thumbnails.grey';
const POSTER_WIDTH_MAX = 1280;
/** Part of the film in which the poster is looked for, so that it gives no ending away. */
const POSTER_PART = 0.6;
const COLUMNS = 5;
const ROWS = 5;
const TILE_LONG_SIDE = 160;
const EVERY_S_MIN = 2;
const TILES_MAX = 400;
const KEY_SCAN_S = 60;

type Source = { stream: ProbedStream; indexed: boolean };
type Tiles = Shape & { everyS: number; count: number };

export async function makeImages(context: TaskContext, spec: ImagesSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const { stream, container } = await probeStream(context, spec.master, spec.streamIndex);
  const source = { stream, indexed: isIndexed(container) };
  const tiles = planTiles(spec);
  await writeSheets(context, spec, source, tiles);
  const greys = await readGreys(context, tiles);
  const candidates = greys.slice(0, Math.max(1, Math.ceil(greys.length * POSTER_PART)));
  await writePoster(context, spec, source, choosePoster(candidates) * tiles.everyS);
  const files = (await readdir(context.folder)).filter((name) => /^sheet-\d{5}\.jpg$/.test(name)).sort();
  const stored = await context.outputs.put(
    [POSTER_FILE, ...files].map((name) => ({ name, path: join(context.folder, name) })),
  );
  const { count, everyS, width, height } = tiles;
  const sheets: ThumbnailSheets = { files, columns: COLUMNS, rows: ROWS, width, height, everyS, count };
  return {
    ...{ kind: 'images', poster: POSTER_FILE, sheets: files.length === 0 ? null : sheets },
    files: stored,
  };
}

/** How many thumbnails, how far apart, how large: at most 400, at least 2 s apart, 160 pixels on the long side. */
export function planTiles(spec: Pick<ImagesSpec, 'durationS' | 'width' | 'height'>): Tiles {
  const everyS = Math.max(EVERY_S_MIN, Math.ceil(spec.durationS / TILES_MAX));
  const scale = TILE_LONG_SIDE / Math.max(spec.width, spec.height);
  const even = (side: number) => evenSide(side * scale);
  return {
    everyS,
    count: Math.max(1, Math.ceil(spec.durationS / everyS)),
    width: even(spec.width),
    height: even(spec.height),
  };
}

async function writeSheets(
  context: TaskContext,
  spec: ImagesSpec,
  source: Source,
  tiles: Tiles,
): Promise<void> {
  const keysOnly = await keysAreDense(context, spec, tiles.everyS);
  // Interlaced pictures lose their combs in the scaling to so small a size; deinterlacing would need all frames.
  const picture = { ...spec.picture, deinterlace: false };
  const chain = [
    // Slot n shows the last frame at or before n * everyS; the last one is repeated where the film ends early.
    `fps=fps=1/${tiles.everyS}:round=up:start_time=0`,
    `tpad=stop_mode=clone:stop=${tiles.count}`,
    `trim=end_frame=${tiles.count}`,
    ...stillShapeFilters(picture, source.stream, tiles),
    // One tick a picture: with fractions of a tick two pictures would get the same time, which encoders refuse.
    'setpts=N',
    'split=2[a][b]',
  ].join(',');
  const graph = `[0:${spec.streamIndex}]${chain};[a]tile=${COLUMNS}x${ROWS}[sheets];[b]format=gray[grey]`;
  await ffmpegOrFail(context, {
    args: [
      ...masterOptions(spec.master),
      ...seekOptions(spec.picture.startS, 0, source.indexed),
      ...(keysOnly ? ['-skip_frame', 'nokey'] : []),
      ...['-threads', String(context.threads), '-i', spec.master, '-filter_complex', graph],
      ...['-map', '[sheets]', '-fps_mode', 'passthrough', '-q:v', '4'],
      ...['-f', 'image2', 'sheet-%05d.jpg'],
      ...['-map', '[grey]', '-fps_mode', 'passthrough', '-c:v', 'rawvideo', '-f', 'rawvideo', GREY_FILE],
    ],
    // Names are relative, because a percent sign in the folder's name would count as a pattern.
    cwd: context.folder,
    timeLimitMs: (600 + 4 * spec.durationS) * 1000,
    onProgress: (at) => context.progress((0.9 * at.frame * COLUMNS * ROWS) / tiles.count),
  });
}

/** Whether key frames alone give a fresh picture for each thumbnail, judged by the film's first minute. */
async function keysAreDense(context: TaskContext, spec: ImagesSpec, everyS: number): Promise<boolean> {
  const { spans } = await scanPackets(context, spec.master, {
    select: String(spec.streamIndex),
    interval: `%+${KEY_SCAN_S}`,
    timeLimitMs: 300_000,
  });
  const span = spans.get(spec.streamIndex);
  if (!span) return false;
  // Without a second key frame in the minute there is no gap to judge by.
  return span.keyGapS > 0 && span.keyGapS <= everyS && span.toS - span.fromS > everyS;
}

async function readGreys(context: TaskContext, tiles: Tiles): Promise<GreyPicture[]> {
  await using file = await open(join(context.folder, GREY_FILE), 'r');
  const { width, height } = tiles;
  const pictures: GreyPicture[] = [];
  for (let index = 0; index < tiles.count; index++) {
    const pixels = new Uint8Array(width * height);
    const { bytesRead } = await file.read(pixels, 0, pixels.length, index * pixels.length);
    if (bytesRead < pixels.length) break;
    pictures.push({ width, height, pixels });
  }
  if (pictures.length > 0) return pictures;
  throw new TaskFailure('wrong_output', 'no picture could be taken from the master', { retry: true });
}

async function writePoster(
  context: TaskContext,
  spec: ImagesSpec,
  source: Source,
  atS: number,
): Promise<void> {
  const scale = Math.min(1, POSTER_WIDTH_MAX / spec.width);
  const even = (side: number) => evenSide(side * scale);
  const shape = { width: even(spec.width), height: even(spec.height) };
  const filters = [
    ...(spec.picture.deinterlace ? ['bwdif=mode=send_frame:parity=auto:deint=all'] : []),
    // One slot a second from `atS` on: the first one is the last frame at or before it.
    `fps=fps=1:round=up:start_time=${atS}`,
    ...stillShapeFilters(spec.picture, source.stream, shape),
  ];
  await ffmpegOrFail(context, {
    args: [
      ...masterOptions(spec.master),
      ...seekOptions(spec.picture.startS, atS, source.indexed),
      ...['-threads', String(context.threads), '-i', spec.master, '-map', `0:${spec.streamIndex}`],
      ...['-vf', filters.join(','), '-frames:v', '1', '-q:v', '3', '-f', 'image2', '-update', '1'],
      POSTER_FILE,
    ],
    cwd: context.folder,
    timeLimitMs: 600_000,
  });
}
