/**
 * Joins encoded files and packages them as one CMAF track: an init segment, numbered media segments, and
 * `track.json`, which says all that playlists need. Samples are encrypted when the task brings a key. Manifests are
 * the studio's.
 *
 * Times: ffmpeg writes B-frame delay and AAC priming as an edit list, the packager keeps it in `init.mp4`, and
 * players apply it. All times told here are therefore after the edit: the first picture stands at 0, and the first
 * audio segment is shorter by the 1024 priming samples, which are decoded but not heard. This is also what the
 * segments' own `sidx` boxes say. `startTicks` is the time at which the first segment begins to be shown.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { segmentRates } from '../../contracts/segment-rates.ts';
import type { PackagedTrack, StoredFile, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { fetchInputs } from './fetch-inputs.ts';
import { ffmpegOrFail } from './ffmpeg.ts';
import { keyBytes } from './key-bytes.ts';
import { keySegment } from './key-segments.ts';
import { readMovieFile } from './movie-file.ts';
import { type Fragment, type Movie, readMovie, readSegment } from './mp4-boxes.ts';
import { runProgram } from './run-program.ts';
import { keyFile, writeKeyFlags } from './sample-encryption.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type PackageSpec = Extract<TaskSpec, { kind: 'package' }>;

const TRACK_FILE = 'track.json';
const INIT_FILE = 'init.mp4';
const JOINED_FILE = 'joined.mp4';
const TIME_LIMIT_MS = 30 * 60_000;
/** The packager's default cache takes a gigabyte; this one is enough for one stream. */
const IO_CACHE_BYTES = 1_048_576;
/**
 * Taken off the packager's segment length of video: with 2.002-s groups of pictures and a length of 2.002 s, one
 * rounding down would leave a key frame in the segment before it.
 */
const CUT_EARLY_S = 0.001;

/** Samples of the longest packets, which are those of E-AC-3. */
const PACKET_TICKS_MAX = 1536;

type Segment = { name: string; path: string; bytes: number; fragment: Fragment; key: number | undefined };

/** Throws TaskFailure `wrong_output` when lengths, key frames or the grid are not exact. */
export async function packageTrack(context: TaskContext, spec: PackageSpec): Promise<TaskResult> {
  const inputs = await fetchInputs(context, spec.inputs, spec.digests);
  context.progress(0.3);
  const expected = await checkInputs(inputs, spec);
  const joined = inputs.length === 1 ? basename(inputs[0] as string) : await joinChunks(context, inputs);
  await runPackager(context, spec, joined, INIT_FILE);
  const { movie, segments } = await readPackaged(context, expected);
  context.progress(0.5);
  const track = describeTrack(spec, movie, segments);
  verifyTrack(spec, expected, track, segments);
  const keys = spec.keys ? await makeKeys(context, track, segments) : undefined;
  const files = await upload(context, track, [...segments, ...(keys?.segments ?? [])]);
  return { kind: 'package', track, ...(keys ? { keys: keys.track } : {}), files };
}

type Expected = { timescale: number; ticks: number; samples: number };

/** Sums up the inputs and makes sure that one init segment can serve them all. */
async function checkInputs(paths: readonly string[], spec: PackageSpec): Promise<Expected> {
  const movies: Movie[] = [];
  for (const path of paths) {
    movies.push(
      await readMovieFile(path).catch((cause) => wrong(`an input cannot be read: ${cause.message}`)),
    );
  }
  const first = movies[0];
  if (!first || movies.some((movie) => (movie.video ? 'video' : 'audio') !== spec.media)) {
    throw wrongOutput(`the inputs are not ${spec.media}`);
  }
  for (const movie of movies) {
    if (movie.timescale !== first.timescale) throw wrongOutput('the time scales of the inputs differ');
    if (!movie.decoderConfig.equals(first.decoderConfig))
      throw wrongOutput('the codec settings of the inputs differ');
  }
  const priming = spec.media === 'audio' ? first.editTicks : 0;
  return {
    timescale: first.timescale,
    ticks: movies.reduce((sum, movie) => sum + movie.ticks, -priming),
    samples: movies.reduce((sum, movie) => sum + movie.samples, 0),
  };
}

/** Chunks with edit lists join exactly through the concat demuxer, which reads local files only here. */
async function joinChunks(context: TaskContext, inputs: readonly string[]): Promise<string> {
  const list = join(context.folder, 'inputs.txt');
  await writeFile(list, inputs.map((path) => `file ${basename(path)}\n`).join(''));
  await ffmpegOrFail(context, {
    args: [
      ...['-protocol_whitelist', 'file', '-f', 'concat', '-safe', '1', '-i', list],
      ...['-map', '0:v:0', '-c', 'copy', '-f', 'mp4', join(context.folder, JOINED_FILE)],
    ],
    timeLimitMs: TIME_LIMIT_MS,
  });
  // A long film would else be on the disk three times.
  for (const path of inputs) await rm(path);
  return JOINED_FILE;
}

/** Leaves the init segment and `00001.m4s` and so on in the task's folder. */
export async function runPackager(
  context: TaskContext,
  spec: Pick<PackageSpec, 'media' | 'segmentS' | 'encryption'>,
  file: string,
  init: string,
): Promise<void> {
  const keyFlags = await writeKeyFlags(context.folder, spec.encryption);
  const segmentS = spec.media === 'video' ? spec.segmentS - CUT_EARLY_S : spec.segmentS;
  const end = await runProgram({
    program: context.programs.packager,
    tether: context.programs.tether,
    args: [
      `in=${file},stream=${spec.media},init_segment=${init},segment_template=$Number%05d$.m4s`,
      ...['--segment_duration', String(segmentS), '--io_cache_size', String(IO_CACHE_BYTES), '--quiet'],
      ...keyFlags,
    ],
    cwd: context.folder,
    niceness: context.niceness,
    memoryBytesMax: context.memoryBytesMax,
    timeLimitMs: TIME_LIMIT_MS,
    signal: context.signal,
  });
  if (spec.encryption) await rm(keyFile(context.folder));
  if (end.status === 0) return;
  throw new TaskFailure('program_failed', `the packager ended with status ${end.status}`, {
    retry: true,
    programLog: end.stderrTail,
  });
}

async function readPackaged(context: TaskContext, expected: Expected) {
  const movie = readMovie(await readFile(join(context.folder, INIT_FILE)));
  const segments: Segment[] = [];
  for (let samples = 0; samples < expected.samples; ) {
    const name = `${String(segments.length + 1).padStart(5, '0')}.m4s`;
    const path = join(context.folder, name);
    const bytes = await readFile(path).catch(() => wrong(`segment ${name} is missing`));
    const fragment = readSegment(bytes, movie.defaultSampleTicks);
    const key = movie.video && keyBytes(bytes);
    segments.push({ name, path, bytes: bytes.length, fragment, key });
    samples += fragment.samples;
  }
  return { movie, segments };
}

function describeTrack(spec: PackageSpec, movie: Movie, segments: readonly Segment[]): PackagedTrack {
  const starts = segments.map(({ fragment }) => Math.max(0, fragment.shownFromTicks - movie.editTicks));
  const end = (segments.at(-1)?.fragment.shownToTicks ?? 0) - movie.editTicks;
  const rows = segments.map(({ name, bytes, key }, i) => {
    const ticks = (starts[i + 1] ?? end) - (starts[i] ?? 0);
    return { name, ticks, bytes, ...(key === undefined ? {} : { keyBytes: key }) };
  });
  const frameTicks = movie.defaultSampleTicks;
  const fraction = divisor(movie.timescale, frameTicks);
  return {
    media: spec.media,
    codecs: movie.codecs,
    timescale: movie.timescale,
    init: INIT_FILE,
    startTicks: starts[0] ?? 0,
    segments: rows,
    ...segmentRates(rows, movie.timescale),
    ...(movie.video ?? {}),
    ...(movie.video ? { frameRate: { num: movie.timescale / fraction, den: frameTicks / fraction } } : {}),
    ...(movie.audio ?? {}),
    ...(movie.protection ? { protection: movie.protection } : {}),
  };
}

/** Segments of one picture beside those of the track; undefined where they cannot be made. */
async function makeKeys(context: TaskContext, track: PackagedTrack, segments: readonly Segment[]) {
  const made: Array<{ name: string; path: string; bytes: number }> = [];
  for (const [at, { path, fragment }] of segments.entries()) {
    const bytes = keySegment(await readFile(path), fragment, {
      ...{ number: at + 1, last: at === segments.length - 1 },
    });
    if (!bytes) return undefined;
    const name = `keys-${String(at + 1).padStart(5, '0')}.m4s`;
    made.push({ name, path: join(context.folder, name), bytes: bytes.length });
    await writeFile(join(context.folder, name), bytes);
  }
  const rows = made.map(({ name, bytes }, at) => ({ name, bytes, ticks: track.segments[at]?.ticks ?? 0 }));
  const every = rows[0]?.ticks ?? 1;
  const fraction = divisor(track.timescale, every);
  const frameRate = { num: track.timescale / fraction, den: every / fraction };
  const rates = segmentRates(rows, track.timescale);
  return { segments: made, track: { ...track, ...rates, segments: rows, frameRate } };
}

function verifyTrack(
  spec: PackageSpec,
  expected: Expected,
  track: PackagedTrack,
  segments: readonly Segment[],
): void {
  const sum = track.segments.reduce((ticks, segment) => ticks + segment.ticks, 0);
  // The last audio packet is whole in the segments, however short its table entry was.
  const tolerance = spec.media === 'audio' ? PACKET_TICKS_MAX : 0;
  if (track.protection?.keyId !== spec.encryption?.keyId) throw wrongOutput('the track has another key');
  if (track.timescale !== expected.timescale || Math.abs(sum - expected.ticks) > tolerance) {
    throw wrongOutput(`the segments last ${sum} ticks instead of ${expected.ticks}`);
  }
  if (spec.media === 'audio') return;
  const grid = track.segments[0]?.ticks ?? 0;
  const frameTicks = track.timescale / ((track.frameRate?.num ?? 1) / (track.frameRate?.den ?? 1));
  const full = track.segments.slice(0, -1);
  const even = full.every((segment) => segment.ticks === grid);
  const asAsked = full.length === 0 || Math.abs(grid - spec.segmentS * track.timescale) <= frameTicks;
  if (!even || !asAsked) throw wrongOutput('the segments are not on the grid');
  const keyless = segments.find((segment) => !segment.fragment.startsWithKey);
  if (keyless) throw wrongOutput(`segment ${keyless.name} does not start with a key frame`);
}

async function upload(
  context: TaskContext,
  track: PackagedTrack,
  segments: ReadonlyArray<Pick<Segment, 'name' | 'path'>>,
): Promise<StoredFile[]> {
  const path = join(context.folder, TRACK_FILE);
  await writeFile(path, JSON.stringify(track));
  const files = [
    { name: INIT_FILE, path: join(context.folder, INIT_FILE) },
    ...segments.map(({ name, path }) => ({ name, path })),
    { name: TRACK_FILE, path },
  ];
  return context.outputs.put(files, (done) => context.progress(0.5 + (0.5 * done) / files.length));
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function wrongOutput(message: string): TaskFailure {
  return new TaskFailure('wrong_output', message, { retry: true });
}

function wrong(message: string): never {
  throw wrongOutput(message);
}
