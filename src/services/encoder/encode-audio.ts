/**
 * Encodes one sound track as AAC-LC, Opus or E-AC-3 at 48 kHz, whole: chunks of it cannot be joined without a gap. Its time line
 * is the title's: it starts with the first picture and is exactly as long as the film.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Loudness, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { round } from './encode-video.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import { measureLoudness } from './measure-loudness.ts';
import { readMovieFile } from './movie-file.ts';
import { probeStream, scanPackets } from './probe.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type EncodeAudioSpec = Extract<TaskSpec, { kind: 'encode-audio' }>;

const FILE = 'audio.mp4';
const SAMPLE_RATE = 48_000;
/** What the loudest moment may reach after the gain, dBTP: lossy codecs overshoot by about a decibel. */
const TRUE_PEAK_DB_MAX = -1;
/** Lets the chain of filters tell whenever it is built anew, which is when the format changes. */
const VERBOSE = ['-v', 'level+verbose'];
/** What EBU R128 allows programmes whose loudness cannot be foreseen. */
const TOLERANCE_LU = 1;
const CODECS = {
  aac: ['-c:a', 'aac', '-profile:a', 'aac_low'],
  opus: ['-c:a', 'libopus', '-frame_duration', '20'],
  eac3: ['-c:a', 'eac3'],
} as const;

/** `file` is null in the result when no packet of the stream lies within the film. */
export async function encodeAudio(context: TaskContext, spec: EncodeAudioSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const timeLimitMs = timeLimitOf(spec);
  if (!(await hasSound(context, spec, timeLimitMs)))
    return { kind: 'encode-audio', file: null, bytes: 0, cpuS: 0 };
  const { stream } = await probeStream(context, spec.master, spec.streamIndex);
  const fromMono = stream.channels === 1;
  let made = await encodeFrom(context, spec, inputArguments(context, spec), fromMono);
  if (made.formats > 1) {
    const settled = await settle(context, spec, timeLimitMs);
    made = await encodeFrom(context, spec, settled, false);
  }
  const { end, path, level } = made;
  await checkLength(spec, path, end.errors);
  const { size } = await stat(path);
  const files = await context.outputs.put([{ name: FILE, path }]);
  return { kind: 'encode-audio', file: FILE, bytes: size, files, cpuS: round(end.cpuS), ...level.told };
}

/** Encodes what the input arguments open. `formats` is how many formats the samples had on the way. */
async function encodeFrom(
  context: TaskContext,
  spec: EncodeAudioSpec,
  input: readonly string[],
  fromMono: boolean,
) {
  const timeLimitMs = timeLimitOf(spec);
  const filters = soundFilters({
    ...{ firstSample: 0, samples: Math.round(spec.durationS * SAMPLE_RATE) },
    ...{ channels: spec.channels, fromMono },
  });
  const level = await levelOf(context, spec, input, filters);
  const path = join(context.folder, FILE);
  let formats = 0;
  const chain = [...filters, ...level.filters].join(',');
  const end = await ffmpegOrFail(context, {
    args: [...VERBOSE, ...input, ...outputArguments(spec, chain), path],
    timeLimitMs,
    onProgress: (at) => context.progress(at.timeS / spec.durationS),
    onInfo: (line) => {
      if (/\[graph_\d+_in_.* samplefmt:/.test(line)) formats += 1;
    },
  });
  return { end, path, level, formats };
}

/**
 * Brings a track whose layout or rate changes on the way (broadcasts go from stereo to 5.1 and back) to one format
 * in a file of its own, because the filters that fill gaps and set the length must live from its start to its end.
 * Gives the arguments that open that file.
 */
async function settle(context: TaskContext, spec: EncodeAudioSpec, timeLimitMs: number): Promise<string[]> {
  const path = join(context.folder, 'settled.nut');
  const format = `aresample=${SAMPLE_RATE},aformat=sample_fmts=s16:channel_layouts=${layoutOf(spec.channels)}`;
  await ffmpegOrFail(context, {
    args: [
      ...inputArguments(context, spec),
      ...['-vn', '-sn', '-dn', '-map_metadata', '-1', '-af', format, '-c:a', 'flac', '-f', 'nut', path],
    ],
    timeLimitMs,
  });
  return ['-copyts', '-i', path, '-map', '0:0'];
}

function timeLimitOf(spec: EncodeAudioSpec): number {
  return (300 + 2 * spec.durationS) * 1000;
}

async function hasSound(context: TaskContext, spec: EncodeAudioSpec, timeLimitMs: number): Promise<boolean> {
  const { spans } = await scanPackets(context, spec.master, {
    select: String(spec.streamIndex),
    interval: '%+#1',
    timeLimitMs,
  });
  const span = spans.get(spec.streamIndex);
  return span !== undefined && span.fromS < spec.startS + spec.durationS;
}

function inputArguments(context: TaskContext, spec: EncodeAudioSpec): string[] {
  return [
    ...masterOptions(spec.master),
    ...['-copyts', '-itsoffset', (-spec.startS).toFixed(6)],
    ...['-threads', String(context.threads), '-i', spec.master, '-map', `0:${spec.streamIndex}`],
    // What cannot be decoded becomes silence, however much it is: the inspection has dropped what is all noise.
    ...['-max_error_rate', '1'],
  ];
}

function outputArguments(spec: EncodeAudioSpec, filters: string): string[] {
  return [
    ...['-vn', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1', '-af', filters],
    ...CODECS[spec.codec ?? 'aac'],
    ...['-ar', String(SAMPLE_RATE), '-b:a', String(spec.bitsPerS)],
    ...['-threads', '1', '-movflags', '+faststart', '-f', 'mp4'],
  ];
}

/** Left to itself, ffmpeg makes stereo from mono 3 dB quieter. */
export const STEREO_FROM_MONO = 'pan=stereo|c0=c0|c1=c0';

export type SoundShape = { firstSample: number; samples: number; channels: number; fromMono: boolean };

/** Fills or cuts at the start and in gaps, mixes down, then makes the length exact to the sample. */
export function soundFilters({ firstSample, samples, channels, fromMono }: SoundShape): string[] {
  return [
    `aresample=${SAMPLE_RATE}:async=1:first_pts=${firstSample}`,
    ...(fromMono && channels !== 1 ? [STEREO_FROM_MONO] : []),
    `aformat=sample_fmts=fltp:sample_rates=${SAMPLE_RATE}:channel_layouts=${layoutOf(channels)}`,
    `apad=whole_len=${samples}`,
    `atrim=end_sample=${samples}`,
  ];
}

type Level = { filters: string[]; told: { loudness?: Loudness | null; gainDb?: number } };

/** Measures the whole track as it will be mixed, and finds the one gain that brings it to what is asked. */
async function levelOf(
  context: TaskContext,
  spec: EncodeAudioSpec,
  input: readonly string[],
  filters: readonly string[],
): Promise<Level> {
  if (spec.loudnessLufs === undefined) return { filters: [], told: {} };
  const loudness = await measureLoudness(context, input, filters, timeLimitOf(spec));
  if (!loudness) return { filters: [], told: { loudness } };
  const gainDb = gainFor(loudness, spec.loudnessLufs, spec.heardGainDb);
  return { filters: [`volume=${gainDb}dB`], told: { loudness, gainDb } };
}

/**
 * A gain alone keeps the mix as it was made: what it cannot reach without clipping stays quieter. One that viewers have
 * in their ears already is kept when it is about as good.
 */
export function gainFor(
  { integratedLufs, truePeakDb }: Loudness,
  targetLufs: number,
  heardDb?: number,
): number {
  const most = TRUE_PEAK_DB_MAX - truePeakDb;
  const gain = Math.round(Math.min(targetLufs - integratedLufs, most) * 100) / 100;
  const isGood = heardDb !== undefined && Math.abs(heardDb - gain) <= TOLERANCE_LU && heardDb <= most;
  return isGood ? heardDb : gain;
}

function layoutOf(channels: number): string {
  if (channels === 1) return 'mono';
  return channels === 6 ? '5.1' : 'stereo';
}

async function checkLength(spec: EncodeAudioSpec, path: string, errors: string): Promise<void> {
  const movie = await readMovieFile(path);
  const lengthS = (movie.ticks - movie.editTicks) / movie.timescale;
  // The last packet is filled up to 1024 samples.
  if (Math.abs(lengthS - spec.durationS) <= 0.05) return;
  const message = `the sound is ${lengthS.toFixed(3)} s long instead of ${spec.durationS.toFixed(3)} s`;
  throw new TaskFailure('wrong_output', message, { retry: true, programLog: errors });
}
