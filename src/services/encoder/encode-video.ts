/**
 * Encodes one chunk of one rung: frames of the constant-rate time line to an MP4 of closed groups of pictures that joins
 * exactly with its neighbours. Which chunks and rungs there are is the studio's plan.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import { readMovieFile } from './movie-file.ts';
import { frameTimeS, rateFilters, seekOptions, videoShapeFilters } from './picture-filters.ts';
import { isIndexed, type ProbedStream, probeStream } from './probe.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';
import { codecArguments } from './video-codecs.ts';

export type EncodeVideoSpec = Extract<TaskSpec, { kind: 'encode-video' }>;
type SpanSpec = Pick<EncodeVideoSpec, 'picture' | 'firstFrame' | 'frames' | 'rung' | 'gopFrames'>;

const FILE = 'video.mp4';
/** Largest shortfall that is filled by repeating the last frame: what rounding of a variable rate may cost. */
const PAD_S_MAX = 1;
/** Wall seconds allowed for one second of film, far above what the slowest preset takes on a busy machine. */
const LIMIT_PER_FILM_S = 240;

/** Throws TaskFailure `wrong_output` (to be tried again) when the count of frames or the key frames are not exact. */
export async function encodeVideo(context: TaskContext, spec: EncodeVideoSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const { stream, container } = await probeStream(context, spec.master, spec.streamIndex);
  const path = join(context.folder, FILE);
  const filmS = frameTimeS(spec.frames, spec.picture.frameRate);
  const end = await ffmpegOrFail(context, {
    args: [
      ...inputArguments(context, spec, container),
      ...spanArguments(context, spec, stream),
      ...['-movflags', '+faststart', '-f', 'mp4', path],
    ],
    timeLimitMs: (300 + filmS * LIMIT_PER_FILM_S) * 1000,
    onProgress: (at) => context.progress(at.frame / spec.frames, at.fps),
  });
  const frames = await checkedFrames(spec, path, end.errors);
  const { size } = await stat(path);
  const files = await context.outputs.put([{ name: FILE, path }]);
  return { kind: 'encode-video', file: FILE, bytes: size, frames, files, cpuS: round(end.cpuS) };
}

function inputArguments(context: TaskContext, spec: EncodeVideoSpec, container: string): string[] {
  const { picture } = spec;
  const fromS = frameTimeS(spec.firstFrame, picture.frameRate);
  return [
    ...masterOptions(spec.master),
    ...seekOptions(picture.startS, fromS, isIndexed(container)),
    ...['-threads', String(context.threads), '-i', spec.master],
    ...['-map', `0:${spec.streamIndex}`, '-an', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
  ];
}

/** The chain of filters of a chunk; exported so that a test can compare pictures before they are encoded. */
export function chunkFilters(spec: SpanSpec, stream: ProbedStream): string {
  const { num, den } = spec.picture.frameRate;
  return [
    ...rateFilters(spec.picture, spec.firstFrame),
    `tpad=stop_mode=clone:stop=${Math.ceil((PAD_S_MAX * num) / den)}`,
    ...videoShapeFilters(spec.picture, stream, spec.rung),
    // Renumbers from zero, so that every chunk starts there and no rounding is left.
    'setpts=N',
    `settb=${den}/${num}`,
  ].join(',');
}

/**
 * The pictures of a span, from its filters to its time scale: the same for a chunk and for a span of the first light,
 * which stands for one.
 */
export function spanArguments(context: TaskContext, spec: SpanSpec, stream: ProbedStream): string[] {
  const { rung, gopFrames } = spec;
  const { num, den } = spec.picture.frameRate;
  return [
    ...['-vf', chunkFilters(spec, stream), '-frames:v', String(spec.frames), '-r', `${num}/${den}`],
    ...codecArguments({ rung, gopFrames, threads: context.threads, mastering: spec.picture.mastering }),
    ...['-threads', String(context.threads), '-filter_threads', String(context.threads)],
    ...['-video_track_timescale', String(trackTimescale(num))],
  ];
}

/** A multiple of the rate's numerator, so that a frame is a whole number of ticks, of at least 10 000 a second. */
export function trackTimescale(num: number): number {
  return num >= 10_000 ? num : num * 1000;
}

async function checkedFrames(spec: EncodeVideoSpec, path: string, errors: string): Promise<number> {
  const movie = await readMovieFile(path).catch((cause: Error) => {
    throw new TaskFailure('wrong_output', `the chunk cannot be read: ${cause.message}`, {
      retry: true,
      programLog: errors,
      cause,
    });
  });
  const keys = movie.keySamples ?? Array.from({ length: movie.samples }, (_, i) => i);
  const onGrid = Array.from(
    { length: Math.ceil(movie.samples / spec.gopFrames) },
    (_, i) => i * spec.gopFrames,
  );
  const enough = spec.last ? movie.samples > 0 : movie.samples === spec.frames;
  if (enough && onGrid.every((frame) => keys.includes(frame))) return movie.samples;
  const what = enough
    ? 'a key frame is missing on the grid'
    : `${movie.samples} frames instead of ${spec.frames}`;
  throw new TaskFailure('wrong_output', what, { retry: true, programLog: errors });
}

export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
