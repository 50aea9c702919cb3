/**
 * For tests only: takes a master through inspection and the real planner, and encodes its lowest rung and its sound as
 * the fleet would, so that what comes out can be compared with what went in.
 */
import { stat } from 'node:fs/promises';
import type { Inspection, TaskResult, TaskSpec } from './contracts/tasks.ts';
import type { FakeStudio } from './services/encoder/fake-studio.ts';
import { printed } from './services/encoder/test-clips.ts';
import { planFilm } from './services/studio/plan.ts';

export type LowestRung = {
  found: Inspection;
  /** Of all chunks together, decoded. */
  frames: number;
  /** Frames as the inspection counts them. */
  framesDue: number;
  size: string;
  rung: { width: number; height: number };
  /** Seconds of the title at which the picture turns white. */
  flashes: number[];
  /** Of each sound track: its length, and seconds of the title at which sound sets in after silence. */
  sound: Array<{ lengthS: number; channels: number; beeps: number[] }>;
};

/** Its plan has the lowest rung alone; the others wait for the analysis. */
const PER_TITLE = { kind: 'per-title', rungsMax: 6, preset: 'veryfast' } as const;
const GRID = { segmentS: 4, chunkS: 8, gopS: 2 };

export async function inspectMaster(studio: FakeStudio, path: string) {
  const { size } = await stat(path);
  const { result } = await run(studio, { kind: 'inspect', master: studio.url(path), bytes: size });
  if (result.kind !== 'inspect') throw new Error('another kind of result');
  return result.outcome;
}

export async function lowestRung(studio: FakeStudio, path: string): Promise<LowestRung> {
  const outcome = await inspectMaster(studio, path);
  if (outcome.verdict === 'refused') throw new Error(`refused: ${outcome.code} ${outcome.reason}`);
  const found = outcome.inspection;
  const { plan, tasks } = planFilm(found, GRID, { name: 'standard', preset: PER_TITLE });
  const rung = plan.rungs[0];
  if (!rung) throw new Error('no rung');
  const made: LowestRung = {
    ...{ found, rung, frames: 0, size: '', flashes: [], sound: [] },
    framesDue: plan.grid.frames,
  };
  for (const { spec } of tasks) {
    if (spec.kind === 'encode-video') await addChunk(studio, path, spec, made);
    if (spec.kind === 'encode-audio') await addSound(studio, path, spec, made);
  }
  return made;
}

type Video = Extract<TaskSpec, { kind: 'encode-video' }>;

async function addChunk(studio: FakeStudio, path: string, spec: Video, made: LowestRung): Promise<void> {
  const { task } = await run(studio, { ...spec, master: studio.url(path) });
  const file = studio.output(task, 'video.mp4');
  const entries = ['-show_entries', 'stream=width,height', '-of', 'csv=p=0:s=x'];
  made.size = (await printed('ffprobe', '-v', 'error', ...entries, file)).trim();
  const filters = 'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-';
  const text = await printed('ffmpeg', '-v', 'error', '-i', file, '-vf', filters, '-f', 'null', '-');
  const { num, den } = spec.picture.frameRate;
  for (const [at, match] of [...text.matchAll(/YAVG=([\d.]+)/g)].entries()) {
    const timeS = ((spec.firstFrame + at) * den) / num;
    // The further pictures of a flash, which may go over the seam of two chunks, are no flash of their own.
    if (Number(match[1]) > 215 && timeS - (made.flashes.at(-1) ?? -1) > 0.3) made.flashes.push(timeS);
    made.frames += 1;
  }
}

async function addSound(
  studio: FakeStudio,
  path: string,
  spec: Extract<TaskSpec, { kind: 'encode-audio' }>,
  made: LowestRung,
): Promise<void> {
  const { task, result } = await run(studio, { ...spec, master: studio.url(path) });
  if (result.kind !== 'encode-audio' || result.file === null) return;
  const file = studio.output(task, result.file);
  const entries = ['-show_entries', 'stream=duration,channels', '-of', 'csv=p=0'];
  const [channels = 0, lengthS = 0] = (await printed('ffprobe', '-v', 'error', ...entries, file))
    .split(',')
    .map(Number);
  const filters = 'silencedetect=n=-30dB:d=0.3,ametadata=print:file=-';
  const text = await printed('ffmpeg', '-v', 'error', '-i', file, '-af', filters, '-f', 'null', '-');
  const ends = [...text.matchAll(/silence_end=([\d.]+)/g)].map(([, at]) => Number(at));
  // The last silence ends with the file, not with a beep.
  made.sound.push({ lengthS, channels, beeps: ends.filter((at) => at < lengthS - 0.1) });
}

async function run(studio: FakeStudio, spec: TaskSpec): Promise<{ task: string; result: TaskResult }> {
  const running = studio.run(spec);
  const end = await running;
  if (end.end === 'failed') throw new Error(`${spec.kind} failed: ${end.code} ${end.message} ${end.log}`);
  return { task: running.task, result: end.result };
}
