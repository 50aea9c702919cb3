/** What there is to know of a task, as pairs of a name and words. Pure. */
import type { JobTask } from '../../../contracts/jobs.ts';
import { formatBytes, formatPercent, formatTimeLeft } from '../../ui/formats.ts';
import { formatFps, formatMoment, formatSeconds, taskStateWords } from './job-words.ts';

export type Fact = readonly [label: string, value: string];

/** Facts that are not known are left out. */
export function taskFacts(task: JobTask, tasks: readonly JobTask[]): Fact[] {
  const leased = task.state === 'leased';
  const left = task.etaS === null ? '' : `, ${formatTimeLeft(task.etaS)}`;
  const facts: ReadonlyArray<readonly [string, string | null]> = [
    [
      'State',
      task.reused
        ? `${taskStateWords(task.state)}, taken over from an earlier job`
        : taskStateWords(task.state),
    ],
    ['Progress', leased ? `${formatPercent(task.progress)}${left}` : null],
    ['Kind', task.kind],
    ['Track', task.track],
    ['Worker', task.worker],
    ['Frames a second', leased && task.fps !== null ? formatFps(task.fps) : null],
    ['Attempts', attemptWords(task)],
    ['Waits for', waitWords(task, tasks)],
    ['Waited for by', followerWords(task, tasks)],
    ['Began', task.startedAt === null ? null : formatMoment(task.startedAt)],
    ['Ended', task.endedAt === null ? null : formatMoment(task.endedAt)],
    ['Processor time', task.cpuS === null ? null : formatSeconds(task.cpuS)],
    ['Result', task.bytes === null ? null : formatBytes(task.bytes)],
    ['Content', task.digest],
  ];
  return facts.filter((fact): fact is Fact => fact[1] !== null);
}

function attemptWords({ attempt, failures, lost }: JobTask): string {
  const parts = [
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(lost > 0 ? [`${lost} lost with their worker`] : []),
  ];
  return parts.length === 0 ? String(attempt) : `${attempt} (${parts.join(', ')})`;
}

function waitWords(task: JobTask, tasks: readonly JobTask[]): string | null {
  if (task.dependsOn.length === 0) return null;
  const ids = new Set(task.dependsOn);
  const before = tasks.filter(({ id }) => ids.has(id));
  const open = before.filter(({ state }) => state !== 'done');
  if (open.length === 0) return `nothing more: all ${before.length} are done`;
  return `${namesOf(open)} (${before.length - open.length} of ${before.length} are done)`;
}

function followerWords(task: JobTask, tasks: readonly JobTask[]): string | null {
  const after = tasks.filter(({ dependsOn }) => dependsOn.includes(task.id));
  return after.length === 0 ? null : namesOf(after);
}

const NAMES_MAX = 5;

function namesOf(tasks: readonly JobTask[]): string {
  const names = tasks.slice(0, NAMES_MAX).map(({ name }) => name);
  const more = tasks.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
