/** The studio's tables as the query builder sees them. Times are milliseconds since the epoch. */
import type { ColumnType, Generated, Kysely, Selectable, Transaction } from 'kysely';
import type { JobState } from '../../contracts/jobs.ts';
import type { Inspection, TaskKind, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import type { ContentKeys } from './content-keys.ts';
import type { Cost, Estimate } from './job-estimate.ts';
import type { Light } from './light.ts';
import type { Plan } from './plan.ts';

/** JSON columns are read as values and written as text. */
type Json<T> = ColumnType<T, string, string>;

/**
 * uploading: no master yet. inspecting, encoding: work is under way. ready: all is published. refused: nothing more
 * will come of this master; what was published before plays on. removed: the title was deleted.
 */
export type TitleState = 'uploading' | 'inspecting' | 'encoding' | 'ready' | 'refused' | 'removed';

/** What a publication consists of; `tracks` are ids of the plan. */
export type PublicationRow = { number: number; version: number; tracks: string[] };

export type TitleTable = {
  title: string;
  bucket: string;
  key: string;
  state: TitleState;
  created_ms: number;
  /** The newest object event that was taken in; older ones and repetitions change nothing. */
  last_sequence: number;
  upload_id: string | null;
  received: number | null;
  expected: number | null;
  /** The master at hand; `version` counts the masters that this title has had. */
  etag: string | null;
  master_bytes: number | null;
  master_modified_ms: number | null;
  version: number;
  inspection: Json<Inspection> | null;
  plan: Json<Plan> | null;
  /** What plays before the first rendition is whole; null when there is none, or it has done its work. */
  light: Json<Light> | null;
  /** The publication that the catalog has, and the one that is being made. Numbers are never used twice. */
  published: Json<PublicationRow> | null;
  pending: Json<PublicationRow> | null;
  publications: number;
  progress: number;
  reason: string | null;
  reason_code: string | null;
  /** What the catalog was last told. */
  told: string | null;
  /** How it is encoded; empty for the usual way. */
  preset: Generated<string>;
  /** `cbcs`, or empty for a title in clear. */
  encryption: Generated<string>;
  /** Of the master at hand, once a task has wanted them. */
  content_keys: Json<ContentKeys> | null;
  /** Null where nothing was said of it. */
  expected_views: number | null;
};

/** waiting: for other tasks. queued: sent, or about to be. leased: a worker has it, or had it when it died. */
export type TaskState = 'waiting' | 'queued' | 'leased' | 'done' | 'dropped';

export type TaskTable = {
  id: string;
  title: string;
  version: number;
  name: string;
  track: string;
  kind: TaskKind;
  state: TaskState;
  spec: Json<TaskSpec>;
  priority: number;
  cost: number;
  /** Counts leases and never falls, whatever becomes of the queue's job; fences late finishers. */
  attempt: number;
  job_id: string | null;
  job_attempt: number | null;
  progress: number;
  /** Attempts that failed, and attempts that were never heard of again. */
  failures: number;
  lost: number;
  result: Json<TaskResult> | null;
  /** What it is by content; tasks whose results cannot be taken over have none. */
  digest: string | null;
  /** Where the outputs are when an earlier version's were taken over. */
  prefix: string | null;
  /** Set aside after its last try; such a task is `dropped`. */
  failed: Generated<boolean>;
  /** Who has it, or had it last, and since when. */
  worker: string | null;
  fps: number | null;
  started_ms: number | null;
  ended_ms: number | null;
  heard_ms: number | null;
};

/** The work on one version of a title, kept for operators when it has ended. */
export type JobTable = {
  title: string;
  version: number;
  name: string;
  preset: string;
  state: JobState;
  started_ms: number;
  ended_ms: number | null;
  reason: string | null;
  reason_code: string | null;
  inspection: Json<Inspection> | null;
  /** Before it started, when its rungs were known, and what it took; null in jobs of older versions. */
  estimate: Json<Estimate> | null;
  revised: Json<Estimate> | null;
  actual: Json<Cost> | null;
  /** Whether encoded chunks are still in the store. */
  work_kept: Generated<boolean>;
};

/** Results by what they were made of. */
export type ResultTable = {
  title: string;
  digest: string;
  version: number;
  prefix: string;
  result: Json<TaskResult>;
};

export type EvidenceTable = {
  id: Generated<number>;
  task: string;
  at_ms: number;
  attempt: number;
  worker: string;
  code: string;
  message: string;
  log: string;
};

export type WorkerTable = {
  name: string;
  task: string | null;
  draining: Generated<boolean>;
  since_ms: number;
  heard_ms: number;
  /** What keeps it from working, in words. */
  trouble: string | null;
};

/** Prefixes of the media bucket that are to be emptied at a time. */
export type RemovalTable = { id: Generated<number>; prefix: string; due_ms: number };

/** Caption files that lie beside masters, whether or not there is a master yet. */
export type SidecarTable = {
  bucket: string;
  key: string;
  /** The newest object event of it. */
  sequence: number;
  /** Null when it was removed; such a row only keeps late events from bringing it back. */
  bytes: number | null;
  changed_ms: number;
};

/** Keys that manifests of hashes are signed with; the private one is wrapped. A slot holds one. */
export type SigningKeyTable = { id: string; public_key: string; private_key: string; slot: number };

export type StudioTables = {
  'studio.signing_keys': SigningKeyTable;
  'studio.titles': TitleTable;
  'studio.tasks': TaskTable;
  'studio.removals': RemovalTable;
  'studio.jobs': JobTable;
  'studio.results': ResultTable;
  'studio.evidence': EvidenceTable;
  'studio.workers': WorkerTable;
  'studio.sidecars': SidecarTable;
};

export type Db = Kysely<StudioTables>;
export type Tx = Transaction<StudioTables>;
export type TitleRow = Selectable<TitleTable>;
export type TaskRow = Selectable<TaskTable>;
export type JobRow = Selectable<JobTable>;
export type SigningKeyRow = Selectable<SigningKeyTable>;
export type WorkerRow = Selectable<WorkerTable>;
