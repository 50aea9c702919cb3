/** Brings one text track of a master to WebVTT on the title's time line. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import type { TaskContext } from './task-context.ts';
import { cutWebVtt } from './web-vtt.ts';

export type ExtractTextSpec = Extract<TaskSpec, { kind: 'extract-text' }>;

const FILE = 'text.vtt';
/** Where nothing says which 8-bit code a text has, the one that most old subtitle files have. */
const OLD_CODE = 'CP1252';

/** `file` is null in the result when no cue lies within the film. */
export async function extractText(context: TaskContext, spec: ExtractTextSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const raw = join(context.folder, 'raw.vtt');
  let errors = await convert(context, spec, raw, []);
  if (/invalid utf-8/i.test(errors)) errors = await convert(context, spec, raw, ['-sub_charenc', OLD_CODE]);
  const { text, cues } = cutWebVtt(await readFile(raw, 'utf8'), spec.startS, spec.durationS);
  if (cues === 0) return { kind: 'extract-text', file: null, cues };
  const path = join(context.folder, FILE);
  await writeFile(path, text);
  const files = await context.outputs.put([{ name: FILE, path }]);
  return { kind: 'extract-text', file: FILE, cues, files };
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
