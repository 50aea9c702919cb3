/** Reads what tasks and jobs of this installation took, lately, as the factors of `past-work.ts`. */
import { type ExpressionBuilder, sql } from 'kysely';
import type { Rung } from '../../contracts/tasks.ts';
import type { OtherCodec } from './other-codecs.ts';
import { type Factors, learnFactors, workKeys } from './past-work.ts';
import { LIKELY_PART } from './rung-rate.ts';
import type { Db, StudioTables, Tx } from './tables.ts';

export type Past = {
  /** Of the processor time of tasks, and of the bytes of renditions, by `workKeys`. */
  cpu: Factors;
  bytes: Factors;
  /** Of whole jobs beside what their tasks let expect, by preset. */
  job: { cpu: Factors; wall: Factors; bytes: Factors };
  savings: Partial<Record<OtherCodec, number>>;
};

/** Tasks that tell their processor time. */
export const TIMED = ['encode-video', 'encode-audio', 'analyse', 'first-light'] as const;
const TASKS_MAX = 500;
const JOBS_MAX = 40;
const PAIRS_MAX = 60;
/** Renditions in a newer codec that it takes to believe what they saved. */
const PAIRS_MIN = 4;
const SAVING_MAX = 0.7;
/** How much work moves a factor halfway: milliseconds, bytes, seconds. */
const WEIGHT = { taskMs: 20_000, taskBytes: 1_000_000, jobS: 60, jobWallS: 30, jobBytes: 5_000_000 };

/** Whether a task's work was its own, and not taken over from an earlier version. */
export const madeByIt = (eb: ExpressionBuilder<StudioTables, 'studio.tasks'>) =>
  eb.or([eb('prefix', 'is', null), eb('attempt', '>', 0)]);

export async function readPast(db: Db | Tx): Promise<Past> {
  const [tasks, jobs, savings] = [await pastTasks(db), await pastJobs(db), await pastSavings(db)];
  const job = (name: 'cpuS' | 'wallS' | 'bytes', weight: number) =>
    learnFactors(
      jobs.map(({ preset, estimate, actual }) => ({
        keys: [preset],
        ...{ expected: estimate?.raw[name] ?? 0, actual: actual?.[name] ?? -1 },
      })),
      weight,
    );
  return {
    cpu: learnFactors(
      tasks.map(({ kind, rung, cost, cpuS }) => ({
        ...{ keys: workKeys(kind, rung ?? undefined), expected: cost, actual: cpuS * 1000 },
      })),
      WEIGHT.taskMs,
    ),
    bytes: learnFactors(
      tasks.flatMap(({ kind, rung, seconds, bytes }) => {
        if (kind !== 'encode-video' || !rung || seconds === null || bytes === null) return [];
        const expected = (rung.bitsPerSMax * LIKELY_PART * seconds) / 8;
        return [{ keys: workKeys(kind, rung), expected, actual: bytes }];
      }),
      WEIGHT.taskBytes,
    ),
    job: {
      cpu: job('cpuS', WEIGHT.jobS),
      wall: job('wallS', WEIGHT.jobWallS),
      bytes: job('bytes', WEIGHT.jobBytes),
    },
    savings,
  };
}

function pastTasks(db: Db | Tx) {
  return db
    .selectFrom('studio.tasks')
    .select(['kind', 'cost'])
    .select([
      sql<Rung | null>`spec->'rung'`.as('rung'),
      sql<number>`(result->>'cpuS')::double precision`.as('cpuS'),
      sql<number | null>`(result->>'bytes')::double precision`.as('bytes'),
      sql<
        number | null
      >`(spec->>'frames')::double precision * (spec#>>'{picture,frameRate,den}')::double precision
        / nullif((spec#>>'{picture,frameRate,num}')::double precision, 0)`.as('seconds'),
    ])
    .where('state', '=', 'done')
    .where('kind', 'in', [...TIMED])
    .where('ended_ms', 'is not', null)
    .where(madeByIt)
    .where(sql<boolean>`jsonb_exists(result, 'cpuS')`)
    .orderBy('ended_ms', 'desc')
    .limit(TASKS_MAX)
    .execute();
}

function pastJobs(db: Db | Tx) {
  return db
    .selectFrom('studio.jobs')
    .select(['preset', 'estimate', 'actual'])
    .where('state', '=', 'ready')
    .where('estimate', 'is not', null)
    .where('actual', 'is not', null)
    .orderBy('ended_ms', 'desc')
    .limit(JOBS_MAX)
    .execute();
}

/** Renditions beside those of H.264 of the same size and film. */
async function pastSavings(db: Db | Tx): Promise<Past['savings']> {
  const rows = await db
    .selectFrom('studio.tasks as newer')
    .innerJoin('studio.tasks as plain', (join) =>
      join
        .onRef('plain.title', '=', 'newer.title')
        .onRef('plain.version', '=', 'newer.version')
        .on(sql<boolean>`plain.track = regexp_replace(newer.track, '-(hevc|av1)$', '')`),
    )
    .select('newer.track')
    .select([
      sql<number>`(newer.result#>>'{track,bitsPerSMean}')::double precision`.as('own'),
      sql<number>`(plain.result#>>'{track,bitsPerSMean}')::double precision`.as('h264'),
    ])
    .where('newer.kind', '=', 'package')
    .where('plain.kind', '=', 'package')
    .where('newer.state', '=', 'done')
    .where('plain.state', '=', 'done')
    .where(sql<boolean>`newer.track ~ '-(hevc|av1)$'`)
    .orderBy('newer.ended_ms', 'desc')
    .limit(PAIRS_MAX)
    .execute();
  const found: Past['savings'] = {};
  for (const codec of ['hevc', 'av1'] as const) {
    const pairs = rows.filter(({ track }) => track.endsWith(`-${codec}`));
    if (pairs.length < PAIRS_MIN) continue;
    const sum = (name: 'own' | 'h264') => pairs.reduce((total, pair) => total + pair[name], 0);
    found[codec] = Math.min(
      SAVING_MAX,
      Math.max(0, Math.round((1 - sum('own') / sum('h264')) * 1000) / 1000),
    );
  }
  return found;
}
