/**
 * Brings one text track to WebVTT and IMSC on the title's time line: a stream of the master, captions inside its pictures, or
 * a file that lies beside it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { cutCues, type ReadCaptions } from './captions/cues.ts';
import { readSidecar, SIDECAR_BYTES_MAX } from './captions/read-sidecar.ts';
import { readWebVtt } from './captions/web-vtt.ts';
import { readEmbeddedCaptions } from './embedded-captions.ts';
import { fetchRange } from './fetch-inputs.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';
import { storeText } from './text-track.ts';

export type ExtractTextSpec = Extract<TaskSpec, { kind: 'extract-text' }>;

/** Where nothing says which 8-bit code a text has, the one that most old subtitle files have. */
const OLD_CODE = 'CP1252';

/** `file` is null in the result when no cue lies within the film. */
export async function extractText(context: TaskContext, spec: ExtractTextSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const {
    cues: all,
    dropped,
    language = 'und',
  } = spec.sidecar
    ? await sidecarCues(context, spec, spec.sidecar)
    : spec.channel
      ? await readEmbeddedCaptions(context, spec.master, { ...spec, channel: spec.channel })
      : await streamCues(context, spec);
  const cues = cutCues(all, spec.sidecar ? 0 : spec.startS, spec.durationS);
  const lost = dropped > 0 ? { dropped } : {};
  if (cues.length === 0) return { kind: 'extract-text', file: null, cues: 0, ...lost };
  const track = await storeText(context, cues, { ...spec, language: spec.language ?? language });
  return { kind: 'extract-text', ...track, ...lost };
}

async function sidecarCues(
  context: TaskContext,
  spec: ExtractTextSpec,
  sidecar: NonNullable<ExtractTextSpec['sidecar']>,
): Promise<ReadCaptions> {
  if (sidecar.bytes > SIDECAR_BYTES_MAX || sidecar.bytes === 0)
    throw new TaskFailure('unsupported', `the file has ${sidecar.bytes} bytes`, { retry: false });
  // One byte more than it had: a file that grew meanwhile is followed by an event of its own.
  const bytes = await fetchRange(context, spec.master, { from: 0, bytes: SIDECAR_BYTES_MAX + 1 });
  return readSidecar(bytes, sidecar);
}

async function streamCues(context: TaskContext, spec: ExtractTextSpec): Promise<ReadCaptions> {
  const raw = join(context.folder, 'raw.vtt');
  const errors = await convert(context, spec, raw, []);
  if (/invalid utf-8/i.test(errors)) await convert(context, spec, raw, ['-sub_charenc', OLD_CODE]);
  return readWebVtt(await readFile(raw, 'utf8'));
}

async function convert(
  context: TaskContext,
  spec: ExtractTextSpec,
  path: string,
  inputOptions: readonly string[],
): Promise<string> {
  const end = await ffmpegOrFail(context, {
    args: [
      ...masterOptions(spec.master),
      ...['-copyts', ...inputOptions, '-i', spec.master, '-map', `0:${spec.streamIndex}`],
      ...['-c:s', 'webvtt', '-f', 'webvtt', path],
    ],
    timeLimitMs: (300 + spec.durationS) * 1000,
    onProgress: (at) => context.progress((at.timeS - spec.startS) / spec.durationS),
  });
  return end.errors;
}
