/** From rows to what operators are shown of jobs and tasks. Pure. */
import type { Job, JobCost, JobTask } from '../../contracts/jobs.ts';
import type { TaskResult } from '../../contracts/tasks.ts';
import { costView, moneyOf } from './job-estimate.ts';
import { PUBLISHED } from './prefixes.ts';
import type { JobRow, TaskRow, TitleRow } from './tables.ts';

export type EvidenceHead = { at_ms: number; attempt: number; worker: string; code: string; message: string };
export type JobTaskRow = Pick<
  TaskRow,
  | 'id'
  | 'name'
  | 'track'
  | 'kind'
  | 'state'
  | 'digest'
  | 'prefix'
  | 'failed'
  | 'priority'
  | 'attempt'
  | 'failures'
  | 'lost'
  | 'worker'
  | 'progress'
  | 'fps'
  | 'cost'
  | 'started_ms'
  | 'ended_ms'
  | 'result'
>;

export const DEFAULT_PRESET = 'default';
const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

export function jobView(
  row: JobRow,
  title: Pick<TitleRow, 'version' | 'told'> | undefined,
  tasks: readonly JobTaskRow[],
  workers: number,
  now: number,
  coreHour?: number,
): Job {
  const told = title?.version === row.version && title.told !== null ? JSON.parse(title.told) : {};
  const planned = tasks.filter((task) => !isReused(task) && task.state !== 'dropped');
  const cpuS = sumOf(tasks.filter((task) => !isReused(task)).map(cpuOf));
  const revised = costView(row.revised, coreHour);
  const active = row.ended_ms === null;
  return {
    id: `${row.title}-${row.version}`,
    ...{ title: row.title, version: row.version, name: row.name, state: row.state },
    preset: row.preset || DEFAULT_PRESET,
    progress: row.state === 'ready' ? 1 : (told.progress ?? 0),
    etaS: active ? (told.etaS ?? null) : null,
    fps: tasks.reduce((sum, { state, fps }) => sum + (state === 'leased' ? (fps ?? 0) : 0), 0),
    ...{ startedAt: iso(row.started_ms), endedAt: isoOrNull(row.ended_ms) },
    ...{ reason: row.reason, reasonCode: row.reason_code },
    tasks: countsOf(tasks),
    estimate: costView(row.estimate, coreHour) ?? guess(planned, workers),
    ...(revised ? { revised } : {}),
    actual: {
      ...{ cpuS, wallS: ((row.ended_ms ?? now) - row.started_ms) / 1000 },
      bytes: sumOf(tasks.filter(({ kind }) => PUBLISHED.includes(kind)).map(bytesOf)),
      ...moneyOf(cpuS, coreHour),
    },
  };
}

/** Of jobs that began under a version that kept no estimates. */
function guess(planned: readonly JobTaskRow[], workers: number): JobCost {
  if (planned.length === 0) return { cpuS: null, wallS: null, bytes: null };
  const cpuS = planned.reduce((sum, { cost }) => sum + cost, 0) / 1000;
  return { cpuS, wallS: cpuS / Math.max(1, workers), bytes: null };
}

const isReused = ({ prefix, attempt }: JobTaskRow) => prefix !== null && attempt === 0;

function countsOf(tasks: readonly JobTaskRow[]): Job['tasks'] {
  const counts = { waiting: 0, queued: 0, leased: 0, done: 0, reused: 0, dropped: 0, failed: 0 };
  for (const task of tasks) {
    counts[task.failed ? 'failed' : task.state] += 1;
    if (isReused(task)) counts.reused += 1;
  }
  return counts;
}

/** A package waits for all else of its track. */
export function taskView(
  row: JobTaskRow,
  all: readonly JobTaskRow[],
  evidence: EvidenceHead | undefined,
  now: number,
): JobTask {
  const { id, name, track, kind, digest, priority, attempt, failures, lost, worker, progress, fps } = row;
  const others = kind === 'package' ? all.filter((task) => task.track === track && task.id !== id) : [];
  const running = row.state === 'leased' && row.started_ms !== null && progress > 0.02;
  return {
    ...{ id, name, track, kind, state: row.failed ? 'failed' : row.state },
    dependsOn: others.map((task) => task.id),
    ...{ digest, reused: isReused(row), priority, attempt, failures, lost, worker, progress, fps },
    etaS: running ? ((now - (row.started_ms ?? now)) * (1 - progress)) / progress / 1000 : null,
    ...{ cpuS: cpuOf(row), bytes: bytesOf(row) },
    ...{ startedAt: isoOrNull(row.started_ms), endedAt: isoOrNull(row.ended_ms) },
    lastFailure: evidence
      ? {
          at: iso(evidence.at_ms),
          ...{ attempt: evidence.attempt, worker: evidence.worker },
          ...{ code: evidence.code, message: evidence.message },
        }
      : null,
  };
}

function cpuOf({ result }: JobTaskRow): number | null {
  return result && 'cpuS' in result ? result.cpuS : null;
}

function bytesOf({ result }: JobTaskRow): number | null {
  if (!result) return null;
  const files = filesOf(result);
  if (files) return files.reduce((sum, { bytes }) => sum + bytes, 0);
  return 'bytes' in result ? result.bytes : null;
}

const filesOf = (result: TaskResult) => ('files' in result ? result.files : undefined);

function sumOf(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
