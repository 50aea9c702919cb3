/** What jobs, tasks and workers are called, and their figures in words. Pure. */
import type { EncodeWorker, Job, JobState, JobTask } from '../../../contracts/jobs.ts';
import { formatDuration } from '../../ui/formats.ts';

export const JOB_STATES: readonly JobState[] = ['inspecting', 'encoding', 'ready', 'refused', 'cancelled'];
export const TASK_STATES = ['done', 'leased', 'queued', 'waiting', 'failed', 'dropped'] as const;

const JOB_WORDS: Readonly<Record<JobState, string>> = {
  ...{ inspecting: 'Being inspected', encoding: 'Encoding', ready: 'Ready' },
  ...{ refused: 'Refused', cancelled: 'Cancelled' },
};
const TASK_WORDS: Readonly<Record<JobTask['state'], string>> = {
  ...{ done: 'done', leased: 'being made', queued: 'in the queue', waiting: 'waits for others' },
  ...{ failed: 'set aside', dropped: 'dropped' },
};
const WORKER_WORDS: Readonly<Record<EncodeWorker['state'], string>> = {
  ...{ idle: 'idle', working: 'working', draining: 'leaving, takes no more work', lost: 'lost' },
};

export const jobStateWords = (state: JobState) => JOB_WORDS[state];
export const taskStateWords = (state: JobTask['state']) => TASK_WORDS[state];
export const workerStateWords = (state: EncodeWorker['state']) => WORKER_WORDS[state];

/** The master's file name, without the folders of its key. */
export function jobName({ name }: Pick<Job, 'name'>): string {
  return name.split('/').findLast((part) => part !== '') ?? name;
}

export function isActive({ state }: Pick<Job, 'state'>): boolean {
  return state === 'inspecting' || state === 'encoding';
}

/** Whether the server would try again what failed in it; a newer job of the title may still forbid it. */
export function canRetry({ state, tasks }: Job): boolean {
  return state === 'refused' || state === 'cancelled' || (state === 'ready' && tasks.failed > 0);
}

/** "12 done (4 taken over), 2 being made, 1 set aside": only what there is. */
export function countsWords(tasks: Job['tasks']): string {
  const parts = TASK_STATES.flatMap((state) => {
    const count = tasks[state];
    if (count === 0) return [];
    const reused = state === 'done' && tasks.reused > 0 ? ` (${tasks.reused} taken over)` : '';
    return [`${count} ${taskStateWords(state)}${reused}`];
  });
  return parts.length === 0 ? 'none yet' : parts.join(', ');
}

/** What a reader of a cell hears: "c0003, being made, 43 %, by worker-1". */
export function taskWords(task: JobTask, name: string): string {
  const state = task.reused ? 'taken over from an earlier job' : taskStateWords(task.state);
  const leased = task.state === 'leased';
  return [
    name,
    state,
    ...(leased ? [`${Math.floor(task.progress * 100)} %`] : []),
    ...(leased && task.worker !== null ? [`by ${task.worker}`] : []),
    ...(task.failures > 0 ? [task.failures === 1 ? 'failed once' : `failed ${task.failures} times`] : []),
  ].join(', ');
}

export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return 'not known';
  return seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
}

export function formatRate(bitsPerS: number): string {
  if (bitsPerS < 999_500) return `${Math.round(bitsPerS / 1000)} kbit/s`;
  return `${(bitsPerS / 1_000_000).toFixed(bitsPerS < 9_950_000 ? 2 : 1)} Mbit/s`;
}

export function formatFps(fps: number | null): string {
  if (fps === null || fps === 0) return 'none';
  return fps < 10 ? fps.toFixed(1) : String(Math.round(fps));
}

export function formatMoment(iso: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));
}

/** "VMAF"; similarity and noise are told in decibels. */
export function metricName(metric: string): string {
  const name = metric.toUpperCase();
  return metric === 'ssim' || metric === 'xpsnr' ? `${name}, dB` : name;
}
