/**
 * Captions from speech recognition. The recogniser runs as a program of its own over the film's sound: whisper.cpp's
 * `whisper-cli`, or PocketSphinx in ffmpeg, which is rougher and tells times less exactly.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { type Cue, cutCues } from './captions/cues.ts';
import { speechCues, type Utterance } from './captions/speech-cues.ts';
import { readWebVtt } from './captions/web-vtt.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import { runProgram } from './run-program.ts';
import type { SpeechModel } from './speech-model.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';
import { storeText } from './text-track.ts';

export type TranscribeSpec = Extract<TaskSpec, { kind: 'transcribe' }>;

const SOUND = 'speech.wav';
const HEARD = 'heard';
/** A slow machine with a large model; after this something is wrong. */
const TIMES_THE_FILM = 20;
/** How long a word takes, where nothing else tells when an utterance began. */
const WORD_MS = 400;

/** `file` is null in the result when nothing was said. */
export async function transcribe(context: TaskContext, spec: TranscribeSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const { speech } = context.programs;
  // Another worker may have it.
  if (!speech) throw new TaskFailure('internal', 'this worker has no speech model', { retry: true });
  const all =
    speech.kind === 'whisper' ? await whisper(context, spec, speech) : await sphinx(context, spec, speech);
  const cues = cutCues(all, 0, spec.durationS);
  if (cues.length === 0) return { kind: 'transcribe', file: null, cues: 0 };
  return { kind: 'transcribe', ...(await storeText(context, cues, spec)) };
}

const limitMs = ({ durationS }: TranscribeSpec) => (300 + durationS * TIMES_THE_FILM) * 1000;

function soundOf(spec: TranscribeSpec): string[] {
  return [
    ...masterOptions(spec.master),
    ...['-ss', spec.startS.toFixed(3), '-i', spec.master, '-t', spec.durationS.toFixed(3)],
    ...['-map', `0:${spec.streamIndex}`, '-vn', '-sn', '-dn', '-ac', '1', '-ar', '16000'],
  ];
}

async function whisper(
  context: TaskContext,
  spec: TranscribeSpec,
  { program, model }: Extract<SpeechModel, { kind: 'whisper' }>,
): Promise<Cue[]> {
  await ffmpegOrFail(context, {
    args: [...soundOf(spec), '-c:a', 'pcm_s16le', join(context.folder, SOUND)],
    timeLimitMs: limitMs(spec),
    onProgress: ({ timeS }) => context.progress((0.1 * timeS) / spec.durationS),
  });
  const end = await runProgram({
    ...{ program, tether: context.programs.tether, niceness: context.niceness, cwd: context.folder },
    memoryBytesMax: context.memoryBytesMax,
    args: [
      ...['-m', model, '-l', spec.language.split('-')[0] ?? 'auto', '-t', String(context.threads)],
      ...['-f', SOUND, '-ovtt', '-of', HEARD, '-pp'],
    ],
    ...{ timeLimitMs: limitMs(spec), signal: context.signal },
    onLine: () => {},
    keepErrorLine: (line) => {
      const percent = /progress = +(\d+)%/.exec(line)?.[1];
      if (percent) context.progress(0.1 + (0.9 * Number(percent)) / 100);
      return percent === undefined;
    },
  });
  if (end.status !== 0) {
    const how = { retry: true, programLog: end.stderrTail };
    throw new TaskFailure('program_failed', `the speech recogniser ended with status ${end.status}`, how);
  }
  const { cues } = readWebVtt(await readFile(join(context.folder, `${HEARD}.vtt`), 'utf8'));
  const isSound = ({ lines }: Cue) => lines.every((line) => /^\s*[[(][A-Z_ ]*[\])]\s*$/.test(line));
  return cues
    .filter((cue) => !isSound(cue))
    .map((cue) => ({ ...cue, lines: cue.lines.map((line) => line.trim()) }));
}

async function sphinx(
  context: TaskContext,
  spec: TranscribeSpec,
  { hmm, dict, lm }: Extract<SpeechModel, { kind: 'pocketsphinx' }>,
): Promise<Cue[]> {
  const heard = join(context.folder, HEARD);
  const filters = [
    // The recogniser ends an utterance at a pause, so that the film's end must be one.
    ...['aresample=16000', 'aformat=channel_layouts=mono:sample_fmts=s16', 'apad=pad_dur=2'],
    ...['silencedetect=noise=-35dB:d=0.25', `asr=rate=16000:hmm=${hmm}:dict=${dict}:lm=${lm}`],
    `ametadata=mode=print:file=${HEARD}`,
  ];
  const length = (spec.durationS + 2).toFixed(3);
  await ffmpegOrFail(context, {
    args: [
      ...[...masterOptions(spec.master), '-ss', spec.startS.toFixed(3), '-t', spec.durationS.toFixed(3)],
      ...['-i', spec.master, '-map', `0:${spec.streamIndex}`, '-vn', '-sn', '-dn', '-t', length],
      ...['-af', filters.join(','), '-f', 'null', '-'],
    ],
    cwd: context.folder,
    timeLimitMs: limitMs(spec),
    onProgress: ({ timeS }) => context.progress(timeS / spec.durationS),
  });
  return speechCues(utterances(await readFile(heard, 'utf8').catch(() => '')));
}

/** What ffmpeg's `ametadata` printed: times of frames, ends of silences, and texts at the ends of utterances. */
export function utterances(printed: string): Utterance[] {
  const found: Utterance[] = [];
  let nowMs = 0;
  let beganMs: number | undefined;
  for (const line of printed.split('\n')) {
    const [, time] = /^frame:.* pts_time:([\d.]+)/.exec(line) ?? [];
    if (time !== undefined) nowMs = Math.round(Number(time) * 1000);
    const [, key, value = ''] = /^lavfi\.(silence_end|asr\.text)=(.*)$/.exec(line) ?? [];
    if (key === 'silence_end') beganMs ??= Math.round(Number(value) * 1000);
    if (key !== 'asr.text' || value.trim() === '') continue;
    const lastMs = found.at(-1)?.toMs ?? 0;
    const guessMs = nowMs - value.trim().split(/\s+/).length * WORD_MS;
    const fromMs = Math.max(lastMs, Math.min(beganMs ?? guessMs, nowMs - 1));
    if (nowMs > fromMs) found.push({ fromMs, toMs: nowMs, text: value.trim() });
    beganMs = undefined;
  }
  return found;
}
