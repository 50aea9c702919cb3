/**
 * What a job is expected to take before it starts, and again when its rungs are known; and what it took, when it ends.
 * All three are kept with the job, so that later estimates learn from how far off earlier ones were.
 */
import { sql } from 'kysely';
import type { JobCost } from '../../contracts/jobs.ts';
import type { Inspection, Rung } from '../../contracts/tasks.ts';
import { encodeCost } from './cost.ts';
import { planLadder } from './ladder.ts';
import { madeByIt, type Past, TIMED } from './past-rows.ts';
import { workKeys } from './past-work.ts';
import { inNewerCodecs, type Ladder, type Plan } from './plan.ts';
import { PUBLISHED } from './prefixes.ts';
import { likelyBitsPerS } from './rung-rate.ts';
import { soundOutput } from './stereo.ts';
import type { Db, Tx } from './tables.ts';
import { countWorkers } from './worker-board.ts';

/** `raw`: before whole jobs of the past were looked at. */
export type Estimate = Cost & { raw: Cost };
export type Cost = { cpuS: number; wallS: number; bytes: number };
export type TimedTask = { kind: (typeof TIMED)[number]; cost: number; rung: Rung | null };

/** Rungs of a chosen ladder are more and larger than the usual ones. */
const CHOSEN_FACTOR = 2;
/** Inspection, and what every job waits for besides its encodes. */
const WAITS_S = 5;

export type Expected = {
  found: Inspection;
  plan: Plan;
  /** What is still to be done. */
  tasks: readonly TimedTask[];
  preset: string;
  policy: Ladder['policy'];
  workers: number;
};

export function estimateJob({ found, plan, tasks, preset, policy, workers }: Expected, past: Past): Estimate {
  const cost = ({ kind, cost, rung }: TimedTask) => cost * past.cpu(workKeys(kind, rung ?? undefined));
  const toCome = plan.ladder?.state === 'pending' ? likelyRungs(found, plan, policy) : [];
  const pixels = found.video.width * found.video.height;
  const later = toCome.map((rung): TimedTask => {
    const all = encodeCost(plan.grid.frames, pixels, rung);
    return { kind: 'encode-video', cost: CHOSEN_FACTOR * all, rung };
  });
  const cpuS = [...tasks, ...later].reduce((sum, task) => sum + cost(task), 0) / 1000;
  const rungBits = [...plan.rungs, ...toCome].reduce((sum, rung) => {
    const measured = likelyBitsPerS(rung, plan.ladder?.analysis);
    return sum + measured * past.bytes(workKeys('encode-video', rung));
  }, 0);
  const soundBits = plan.audio.reduce((sum, audio) => sum + soundOutput(audio).bitsPerS, 0);
  const bytes = ((rungBits + soundBits) * plan.grid.durationS) / 8;
  const raw = { cpuS, wallS: WAITS_S + cpuS / Math.max(1, workers), bytes };
  return {
    raw,
    cpuS: raw.cpuS * past.job.cpu([preset]),
    wallS: raw.wallS * past.job.wall([preset]),
    bytes: Math.round(raw.bytes * past.job.bytes([preset])),
  };
}

/** Those above the lowest, as far as they can be guessed before the film was analysed. */
function likelyRungs(found: Inspection, plan: Plan, policy: Ladder['policy']): Rung[] {
  const rungs = planLadder(found.video).slice(1);
  return [...rungs, ...inNewerCodecs(found, plan.grid, rungs, policy).rungs];
}

/** Stores what the job of this version is expected to take, by the tasks that it has now. */
export async function recordEstimate(
  tx: Tx,
  column: 'estimate' | 'revised',
  job: { title: string; version: number },
  of: Omit<Expected, 'tasks' | 'workers'> & { past: Past; nowMs: number },
): Promise<void> {
  const tasks = await tx
    .selectFrom('studio.tasks')
    .select(['kind', 'cost'])
    .select(sql<Rung | null>`spec->'rung'`.as('rung'))
    .where('title', '=', job.title)
    .where('version', '=', job.version)
    .where('kind', 'in', [...TIMED])
    .where('state', '!=', 'dropped')
    .where(madeByIt)
    .execute();
  const workers = await countWorkers(tx, of.nowMs);
  const timed = tasks.map(({ kind, ...task }) => ({ kind: kind as TimedTask['kind'], ...task }));
  const estimate = estimateJob({ ...of, tasks: timed, workers }, of.past);
  await tx
    .updateTable('studio.jobs')
    .set({ [column]: JSON.stringify(estimate) })
    .where('title', '=', job.title)
    .where('version', '=', job.version)
    .execute();
}

/** What the tasks of a job took and gave, as far as it is told. */
export async function actualOf(db: Db | Tx, title: string, version: number): Promise<Omit<Cost, 'wallS'>> {
  const { rows } = await sql<{ cpuS: number | null; bytes: number | null }>`
    SELECT
      sum((result->>'cpuS')::double precision) FILTER (WHERE prefix IS NULL OR attempt > 0) AS "cpuS",
      sum((
        SELECT sum((file->>'bytes')::double precision)
        FROM jsonb_array_elements(CASE WHEN kind = ANY(${[...PUBLISHED]}) THEN result->'files' END) AS file
      )) AS bytes
    FROM studio.tasks
    WHERE title = ${title} AND version = ${version} AND state = 'done'`.execute(db);
  return { cpuS: rows[0]?.cpuS ?? 0, bytes: rows[0]?.bytes ?? 0 };
}

/** As operators are told, with the money where a price is set. */
export function costView(cost: Cost | null | undefined, coreHour: number | undefined): JobCost | null {
  if (!cost) return null;
  const { cpuS, wallS, bytes } = cost;
  return { cpuS, wallS, bytes, ...moneyOf(cpuS, coreHour) };
}

export function moneyOf(cpuS: number | null, coreHour: number | undefined): { money?: number } {
  return cpuS === null || coreHour === undefined ? {} : { money: (cpuS / 3600) * coreHour };
}
