/**
 * Makes a span of the first light: picture and sound of some segments in one run of ffmpeg, packaged at once, so
 * that they can be played as soon as they are stored. Spans are made apart and in any order; together they are one
 * track of pictures and one of sound, without a seam:
 *
 * - Pictures begin with a closed group at the span's first frame. They are packaged as if the span were the film
 *   and then moved to their place.
 * - Sound is encoded from a few packets before the span on, which are dropped, so that the encoder is in the state
 *   that it would be in; packets then join as those of one encode do.
 *
 * Names of files are known beforehand and the first attempt to store one wins, so that what was announced stays.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LightTrack, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { aacInit, aacSegment, PACKET_SAMPLES, PRIMING_SAMPLES, readAdts } from './aac-segments.ts';
import { soundFilters } from './encode-audio.ts';
import { round, spanArguments } from './encode-video.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import { readMovieFile } from './movie-file.ts';
import { readMovie, readSegment } from './mp4-boxes.ts';
import type { OutputFile } from './outputs.ts';
import { runPackager } from './package-track.ts';
import { frameTimeS, seekOptions } from './picture-filters.ts';
import { isIndexed } from './probe.ts';
import { encryptPacket } from './sample-encryption.ts';
import { shiftSegment } from './shift-segment.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type FirstLightSpec = Extract<TaskSpec, { kind: 'first-light' }>;
type Sound = NonNullable<FirstLightSpec['sound']>;
type Made = { track: LightTrack; files: OutputFile[] };

const PICTURES = 'pictures.mp4';
const SOUND = 'sound.aac';
const SAMPLE_RATE = 48_000;
/** Packets before the span from which on its sound is encoded: enough for the encoder to forget where it began. */
const PREROLL_PACKETS = 4;
/** Packets behind the span, since an encoder looks ahead. */
const LOOKAHEAD_PACKETS = 2;
const LIMIT_PER_FILM_S = 120;

export async function firstLight(context: TaskContext, spec: FirstLightSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const filmS = frameTimeS(spec.frames, spec.picture.frameRate);
  const end = await ffmpegOrFail(context, {
    args: [
      ...inputArguments(context, spec),
      ...pictureArguments(context, spec),
      ...soundArguments(context, spec),
    ],
    timeLimitMs: (120 + filmS * LIMIT_PER_FILM_S) * 1000,
    onProgress: (at) => context.progress((0.9 * at.frame) / spec.frames, at.fps),
  });
  const [video, audio] = await Promise.all([
    packagePictures(context, spec, end.errors),
    packageSound(context, spec),
  ]);
  const made = [...video.files, ...(audio?.files ?? [])];
  const files = await context.outputs.put(made, () => {}, { onlyNew: true });
  return {
    kind: 'first-light',
    frames: spec.frames,
    video: video.track,
    audio: audio?.track ?? null,
    files,
    cpuS: round(end.cpuS),
  };
}

function inputArguments(context: TaskContext, spec: FirstLightSpec): string[] {
  const { picture, source } = spec;
  const fromS = frameTimeS(spec.firstFrame, picture.frameRate);
  return [
    ...masterOptions(spec.master),
    ...seekOptions(picture.startS, fromS, isIndexed(source.container)),
    ...['-threads', String(context.threads), '-i', spec.master, '-map_metadata', '-1', '-map_chapters', '-1'],
  ];
}

function pictureArguments(context: TaskContext, spec: FirstLightSpec): string[] {
  const { pixelFormat: pix_fmt, colorSpace: color_space, width, height } = spec.source;
  const stream = { index: spec.streamIndex, pix_fmt, color_space, width, height };
  return [
    ...['-map', `0:${spec.streamIndex}`, '-an', '-sn', '-dn', ...spanArguments(context, spec, stream)],
    ...['-f', 'mp4', join(context.folder, PICTURES)],
  ];
}

function soundArguments(context: TaskContext, { sound }: FirstLightSpec): string[] {
  if (!sound) return [];
  const { first, end } = packetsOf(sound);
  // Packet n holds what is heard from (n - 1) x 1024 on, since the first one is priming.
  const from = Math.max(0, first - 1 - PREROLL_PACKETS);
  const extra = first === 0 ? 0 : first - from;
  const fromSample = from * PACKET_SAMPLES;
  const samples = (end + LOOKAHEAD_PACKETS - from) * PACKET_SAMPLES;
  const level = sound.gainDb === undefined ? [] : [`volume=${sound.gainDb}dB`];
  const shape = soundFilters({ ...sound, firstSample: fromSample, samples });
  const filters = [...shape, ...level].join(',');
  const drop = `noise=drop='lt(n\\,${extra})+gte(n\\,${extra + end - first})'`;
  return [
    ...['-map', `0:${sound.streamIndex}`, '-vn', '-sn', '-dn', '-af', filters],
    ...['-c:a', 'aac', '-profile:a', 'aac_low', '-ar', String(SAMPLE_RATE), '-b:a', String(sound.bitsPerS)],
    // This coder's choices do not depend on what it coded long before, as those of the default one do.
    ...['-aac_coder', 'fast', '-threads', '1', '-bsf:a', drop, '-f', 'adts', join(context.folder, SOUND)],
  ];
}

function packetsOf({ bounds }: Sound): { first: number; end: number } {
  return { first: bounds[0] as number, end: bounds.at(-1) as number };
}

async function packagePictures(context: TaskContext, spec: FirstLightSpec, errors: string): Promise<Made> {
  const encoded = await readMovieFile(join(context.folder, PICTURES));
  if (encoded.samples !== spec.frames)
    throw wrong(`${encoded.samples} frames instead of ${spec.frames}`, errors);
  const segmentS = frameTimeS(spec.segmentFrames, spec.picture.frameRate);
  const encryption = spec.encryption?.video;
  await runPackager(context, { media: 'video', segmentS, encryption }, PICTURES, 'v-init.mp4');
  const init = join(context.folder, 'v-init.mp4');
  const movie = readMovie(await readFile(init));
  const frameTicks = encoded.ticks / encoded.samples;
  const track: LightTrack = {
    codecs: movie.codecs,
    timescale: movie.timescale,
    config: digest(movie.decoderConfig, movie.editTicks, frameTicks, movie.protection?.keyId),
    segments: [],
    ...(movie.video ?? {}),
    frameRate: spec.picture.frameRate,
    ...(movie.protection ? { protection: movie.protection } : {}),
  };
  const files = spec.firstSegment === 1 ? [{ name: 'v-init.mp4', path: init }] : [];
  for (let done = 0; done < spec.frames; ) {
    const number = spec.firstSegment + track.segments.length;
    const local = join(context.folder, `${String(track.segments.length + 1).padStart(5, '0')}.m4s`);
    const bytes = await readFile(local).catch(() => undefined);
    const frames = Math.min(spec.segmentFrames, spec.frames - done);
    const fragment = bytes && readSegment(bytes, movie.defaultSampleTicks);
    if (!bytes || fragment?.samples !== frames || !fragment.startsWithKey)
      throw wrong(`segment ${number} is not on the grid`, errors);
    shiftSegment(bytes, spec.firstFrame * frameTicks, number);
    const name = fileName('v', number);
    const path = join(context.folder, name);
    await writeFile(path, bytes);
    files.push({ name, path });
    track.segments.push({ name, ticks: frames * frameTicks, bytes: bytes.length });
    done += frames;
  }
  return { track, files };
}

async function packageSound(
  context: TaskContext,
  { sound, firstSegment, encryption }: FirstLightSpec,
): Promise<Made | undefined> {
  if (!sound) return undefined;
  const stream = readAdts(await readFile(join(context.folder, SOUND)));
  const { first, end } = packetsOf(sound);
  const { channels, sampleRate, config } = stream;
  if (stream.packets.length !== end - first || sampleRate !== SAMPLE_RATE || channels !== sound.channels)
    throw wrong(`${stream.packets.length} packets of sound instead of ${end - first}`);
  const key = encryption?.audio;
  const packets = key ? stream.packets.map((packet) => encryptPacket(packet, key)) : stream.packets;
  const track: LightTrack = {
    ...{ codecs: 'mp4a.40.2', timescale: sampleRate, config: digest(config, PRIMING_SAMPLES, key?.keyId) },
    ...{ segments: [], sampleRate, channels },
    ...(key ? { protection: { scheme: 'cbcs' as const, keyId: key.keyId } } : {}),
  };
  const files: OutputFile[] = [];
  const add = async (name: string, bytes: Buffer) => {
    const path = join(context.folder, name);
    await writeFile(path, bytes);
    files.push({ name, path });
  };
  if (firstSegment === 1) await add('a-init.mp4', aacInit(stream, key));
  for (const [at, from] of sound.bounds.slice(0, -1).entries()) {
    const to = sound.bounds[at + 1] as number;
    const number = firstSegment + at;
    const bytes = aacSegment(packets.slice(from - first, to - first), from, number);
    const name = fileName('a', number);
    await add(name, bytes);
    const ticks = (to - from) * PACKET_SAMPLES - (from === 0 ? PRIMING_SAMPLES : 0);
    track.segments.push({ name, ticks, bytes: bytes.length });
  }
  return { track, files };
}

const fileName = (kind: 'v' | 'a', number: number) => `${kind}${String(number).padStart(5, '0')}.m4s`;

function digest(config: Buffer, ...facts: Array<number | string | undefined>): string {
  const told = facts.filter((fact) => fact !== undefined).join(' ');
  return createHash('sha256').update(config).update(told).digest('base64url');
}

function wrong(message: string, programLog?: string): TaskFailure {
  return new TaskFailure('wrong_output', message, { retry: true, ...(programLog ? { programLog } : {}) });
}
