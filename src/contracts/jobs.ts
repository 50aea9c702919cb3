/**
 * Encoding jobs, as operators see and steer them: a job is the work on one version of a title (a master, or a
 * re-encode of it with another preset). Pages poll; every reply of a GET carries an ETag, so that a poll that brings
 * no news costs a 304 without a body.
 */
import { z } from 'zod';
import { emptyReply, endpoint } from './endpoint.ts';
import { inspection } from './tasks.ts';
import { titleId } from './titles.ts';

export const jobId = z
  .string()
  .regex(/^[0-9a-hjkmnp-tv-z]{26}-\d{1,6}$/)
  .meta({ description: 'Id of a job: the title and its version, joined by a dash.' });

export const jobState = z.enum(['inspecting', 'encoding', 'ready', 'refused', 'cancelled']).meta({
  description:
    'ready: all is published, perhaps less a part that was set aside. refused: no more comes of it.',
});
export type JobState = z.infer<typeof jobState>;

export const presetName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .meta({ description: 'Name of an encoding preset.' });

export const expectedViews = z.number().int().min(0).max(1_000_000_000_000);

/** What a job was thought to need before it began, and what it needed. Seconds of processor and of wall clock, bytes. */
export const jobCost = z.object({
  cpuS: z.number().nullable(),
  wallS: z.number().nullable(),
  bytes: z.number().nullable(),
  /** Of the processor time, where its price is set. */
  money: z.number().optional(),
});
export type JobCost = z.infer<typeof jobCost>;

export const taskCounts = z.object({
  waiting: z.number().int(),
  queued: z.number().int(),
  leased: z.number().int(),
  done: z.number().int(),
  /** Of those done: taken from an earlier encode of the same inputs and parameters. */
  reused: z.number().int(),
  dropped: z.number().int(),
  /** Set aside after their last try; their evidence is kept. */
  failed: z.number().int(),
});

export const job = z
  .object({
    id: jobId,
    title: titleId,
    version: z.number().int(),
    name: z.string().meta({ description: 'File name of the master.' }),
    state: jobState,
    preset: z.string(),
    progress: z.number().min(0).max(1),
    etaS: z.number().nullable(),
    fps: z.number().meta({ description: 'Frames a second, of all workers together.' }),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    reason: z.string().nullable(),
    reasonCode: z.string().nullable(),
    tasks: taskCounts,
    estimate: jobCost,
    /** What it was thought to need when its renditions were chosen; absent where they were known at once. */
    revised: jobCost.optional(),
    actual: jobCost,
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof job>;

export const taskEvidence = z.object({
  at: z.iso.datetime(),
  attempt: z.number().int(),
  worker: z.string(),
  code: z.string(),
  message: z.string(),
  /** The last of what the program said, without addresses. */
  log: z.string(),
});
export type TaskEvidence = z.infer<typeof taskEvidence>;

export const jobTaskState = z.enum(['waiting', 'queued', 'leased', 'done', 'dropped', 'failed']);

export const jobTask = z
  .object({
    id: z.string(),
    name: z.string(),
    track: z.string(),
    kind: z.string(),
    state: jobTaskState,
    /** Ids of tasks of this job that must be done first. */
    dependsOn: z.array(z.string()),
    /** What the task is by content: equal digests have equal results. */
    digest: z.string().nullable(),
    reused: z.boolean(),
    priority: z.number(),
    attempt: z.number().int(),
    failures: z.number().int(),
    lost: z.number().int(),
    worker: z.string().nullable(),
    progress: z.number().min(0).max(1),
    fps: z.number().nullable(),
    etaS: z.number().nullable(),
    cpuS: z.number().nullable(),
    bytes: z.number().nullable(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    lastFailure: taskEvidence.omit({ log: true }).nullable(),
  })
  .meta({ id: 'JobTask' });
export type JobTask = z.infer<typeof jobTask>;

export const workerState = z.enum(['idle', 'working', 'draining', 'lost']).meta({
  description:
    'draining: takes no more work and gives back what it cannot finish. lost: not heard of in time.',
});

export const encodeWorker = z
  .object({
    name: z.string(),
    state: workerState,
    task: z.string().nullable(),
    title: titleId.nullable(),
    /** Since when it has been in this state or on this task. */
    since: z.iso.datetime(),
    fps: z.number().nullable(),
    cpuS: z.number().nullable(),
    lastHeardAt: z.iso.datetime(),
    /** What keeps it from working, in words: a full disk, a store that does not answer. */
    trouble: z.string().nullable(),
  })
  .meta({ id: 'EncodeWorker' });
export type EncodeWorker = z.infer<typeof encodeWorker>;

/** A point of the rate-quality plane; `crf` and size say how it was made. */
const ratePoint = z.object({
  width: z.number().int(),
  height: z.number().int(),
  crf: z.number().nullable(),
  bitsPerS: z.number(),
  quality: z.number().nullable(),
});
export type RatePoint = z.infer<typeof ratePoint>;

export const ladderAnalysis = z.object({
  /** The metric that quality is in: "vmaf", "xpsnr", "ssim". */
  metric: z.string(),
  points: z.array(ratePoint),
  hull: z.array(ratePoint),
  chosen: z.array(ratePoint.extend({ name: z.string(), codec: z.string().optional() })),
  /** Apple's rungs, for comparison. */
  apple: z.array(ratePoint.extend({ name: z.string() })),
});
export type LadderAnalysis = z.infer<typeof ladderAnalysis>;

/** Why the upper rungs are, or are not, made in a newer codec as well. Money is in the currency of the prices set. */
export const codecDecision = z.object({
  codec: z.enum(['hevc', 'av1']),
  made: z.boolean(),
  /** pays: saved egress is worth the compute. too-dear: it is not. range: only it keeps the master's high range. */
  why: z.enum(['pays', 'too-dear', 'range']),
  views: z.number().meta({ description: 'Views that were expected.' }),
  /** Part of the views on devices that take it. */
  reach: z.number(),
  /** Part of the bits of H.264 that it saves, and whether own titles told it. */
  saving: z.number(),
  savingFrom: z.enum(['stated', 'measured']),
  savedBytes: z.number(),
  cpuS: z.number(),
  saved: z.number().meta({ description: 'Money: egress saved.' }),
  cost: z.number().meta({ description: 'Money: compute.' }),
  viewsNeeded: z.number().nullable().meta({ description: 'From so many views on it would pay.' }),
});
export type CodecDecision = z.infer<typeof codecDecision>;

export const jobDetail = z
  .object({
    job,
    tasks: z.array(jobTask),
    workers: z.array(encodeWorker),
    /** Null until the title was analysed, or where the preset needs no analysis. */
    ladder: ladderAnalysis.nullable(),
    /** Absent where no prices are set to decide by. */
    codecs: z.array(codecDecision).optional(),
    inspection: inspection.nullable(),
  })
  .meta({ id: 'JobDetail' });
export type JobDetail = z.infer<typeof jobDetail>;

export const presetView = z
  .object({
    name: presetName,
    meaning: z.string().meta({ description: 'What it is for, in a sentence.' }),
    kind: z.enum(['per-title', 'standard', 'fixed']),
    contains: z.string().meta({ description: 'What renditions a film gets by it, in words.' }),
    steps: z
      .array(
        z.object({
          lines: z.number().int(),
          crf: z.number(),
          bitsPerSMax: z.number().int(),
          preset: z.string(),
        }),
      )
      .meta({ description: 'Sizes and rates, from low to high, where they are the same for all films.' }),
    from: z.enum(['built-in', 'file']),
    default: z.boolean().meta({ description: 'That of titles for which no other is asked.' }),
  })
  .meta({ id: 'Preset' });
export type PresetView = z.infer<typeof presetView>;

const jobParams = z.object({ job: jobId });
const jobTaskParams = z.object({ job: jobId, task: z.string().max(200) });

export const listJobs = endpoint({
  id: 'listJobs',
  method: 'GET',
  path: '/api/jobs',
  summary: 'Encoding jobs, newest first. The same ETag means: no news.',
  query: z.object({
    state: jobState.optional(),
    title: titleId.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    after: jobId.optional().meta({ description: 'Only jobs after this one, for the next page.' }),
  }),
  reply: z.object({ jobs: z.array(job), next: jobId.nullable() }),
  errors: ['invalid_request'],
});

export const getJob = endpoint({
  id: 'getJob',
  method: 'GET',
  path: '/api/jobs/{job}',
  summary: 'One job in full: its tasks and what each waits for, workers, ladder, inspection.',
  params: jobParams,
  reply: jobDetail,
  errors: ['not_found'],
});

export const getTaskEvidence = endpoint({
  id: 'getTaskEvidence',
  method: 'GET',
  path: '/api/jobs/{job}/tasks/{task}/evidence',
  summary: 'Why attempts at a task failed, newest first, with the last of what programs said.',
  params: jobTaskParams,
  reply: z.object({ evidence: z.array(taskEvidence) }),
  errors: ['not_found'],
});

export const retryTask = endpoint({
  id: 'retryTask',
  method: 'POST',
  path: '/api/jobs/{job}/tasks/{task}/retry',
  summary: 'Tries a task again that was set aside, and all that was dropped with it.',
  params: jobTaskParams,
  status: 202,
  reply: emptyReply,
  errors: ['not_found', 'conflict'],
});

export const retryJob = endpoint({
  id: 'retryJob',
  method: 'POST',
  path: '/api/jobs/{job}/retry',
  summary: 'Tries all again that failed in a job. What is done stays.',
  params: jobParams,
  status: 202,
  reply: emptyReply,
  errors: ['not_found', 'conflict'],
});

export const cancelJob = endpoint({
  id: 'cancelJob',
  method: 'POST',
  path: '/api/jobs/{job}/cancel',
  summary: 'Ends a job. Workers stop within a few seconds; what was published plays on.',
  params: jobParams,
  status: 202,
  reply: emptyReply,
  errors: ['not_found', 'conflict'],
});

export const reencodeTitle = endpoint({
  id: 'reencodeTitle',
  method: 'POST',
  path: '/api/jobs',
  summary: 'Encodes a title anew, with another preset. Only what differs from before is done again.',
  body: z.object({
    title: titleId,
    preset: presetName.optional(),
    expectedViews: expectedViews.optional().meta({
      description: 'Views to expect of it from now on; absent leaves what was expected.',
    }),
  }),
  status: 202,
  reply: z.object({ job: jobId }),
  errors: ['not_found', 'conflict', 'invalid_request'],
});

export const listPresets = endpoint({
  id: 'listPresets',
  method: 'GET',
  path: '/api/presets',
  summary: 'The encoding presets of this installation: those that are built in, and those of its file.',
  reply: z.object({ presets: z.array(presetView) }),
});

export const getJobReport = endpoint({
  id: 'getJobReport',
  method: 'GET',
  path: '/api/jobs/{job}/report',
  summary: 'The report of a job to keep: as JSON, or as a page to read and print.',
  params: jobParams,
  query: z.object({ format: z.enum(['json', 'html']).default('json') }),
  reply: jobDetail,
  errors: ['not_found'],
});

export const listWorkers = endpoint({
  id: 'listWorkers',
  method: 'GET',
  path: '/api/workers',
  summary: 'The encoder workers that were heard of lately, and what each does.',
  reply: z.object({ workers: z.array(encodeWorker) }),
});
