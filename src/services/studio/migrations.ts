/** The schema `studio`. A migration that was released is never edited; the next one is added below it. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const studioMigrations: Readonly<Record<string, Migration>> = {
  '001-titles-and-tasks': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        CREATE TABLE studio.titles (
          title text PRIMARY KEY,
          bucket text NOT NULL,
          key text NOT NULL,
          state text NOT NULL,
          created_ms double precision NOT NULL,
          last_sequence double precision NOT NULL,
          upload_id text,
          received double precision,
          expected double precision,
          etag text,
          master_bytes double precision,
          master_modified_ms double precision,
          version integer NOT NULL DEFAULT 0,
          inspection jsonb,
          plan jsonb,
          published jsonb,
          pending jsonb,
          publications integer NOT NULL DEFAULT 0,
          progress double precision NOT NULL DEFAULT 0,
          reason text,
          reason_code text,
          told text
        )`.execute(db);
      await sql`CREATE INDEX titles_source ON studio.titles (bucket, key)`.execute(db);
      await sql`CREATE INDEX titles_active ON studio.titles (state) WHERE state IN ('inspecting', 'encoding')`.execute(
        db,
      );
      await sql`
        CREATE TABLE studio.tasks (
          id text PRIMARY KEY,
          title text NOT NULL REFERENCES studio.titles ON DELETE CASCADE,
          version integer NOT NULL,
          name text NOT NULL,
          track text NOT NULL,
          kind text NOT NULL,
          state text NOT NULL,
          spec jsonb NOT NULL,
          priority integer NOT NULL,
          cost double precision NOT NULL,
          attempt integer NOT NULL DEFAULT 0,
          job_id text,
          job_attempt integer,
          progress double precision NOT NULL DEFAULT 0,
          failures integer NOT NULL DEFAULT 0,
          lost integer NOT NULL DEFAULT 0,
          result jsonb
        )`.execute(db);
      await sql`CREATE INDEX tasks_title ON studio.tasks (title, version)`.execute(db);
      await sql`
        CREATE TABLE studio.removals (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          prefix text NOT NULL,
          due_ms double precision NOT NULL
        )`.execute(db);
      await sql`CREATE INDEX removals_due ON studio.removals (due_ms)`.execute(db);
    },
  },
  '002-first-light': {
    up: async (db: Kysely<unknown>) => {
      await sql`ALTER TABLE studio.titles ADD COLUMN light jsonb`.execute(db);
    },
  },
  '003-jobs': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        CREATE TABLE studio.jobs (
          title text NOT NULL REFERENCES studio.titles ON DELETE CASCADE,
          version integer NOT NULL,
          name text NOT NULL,
          preset text NOT NULL,
          state text NOT NULL,
          started_ms double precision NOT NULL,
          ended_ms double precision,
          reason text,
          reason_code text,
          inspection jsonb,
          work_kept boolean NOT NULL DEFAULT true,
          PRIMARY KEY (title, version)
        )`.execute(db);
      await sql`CREATE INDEX jobs_started ON studio.jobs (started_ms)`.execute(db);
      await sql`
        ALTER TABLE studio.titles ADD COLUMN preset text NOT NULL DEFAULT ''`.execute(db);
      await sql`
        ALTER TABLE studio.tasks
          ADD COLUMN digest text,
          ADD COLUMN prefix text,
          ADD COLUMN failed boolean NOT NULL DEFAULT false,
          ADD COLUMN worker text,
          ADD COLUMN fps double precision,
          ADD COLUMN started_ms double precision,
          ADD COLUMN ended_ms double precision,
          ADD COLUMN heard_ms double precision`.execute(db);
      await sql`CREATE INDEX tasks_leased ON studio.tasks (heard_ms) WHERE state = 'leased'`.execute(db);
      await sql`
        CREATE TABLE studio.results (
          title text NOT NULL REFERENCES studio.titles ON DELETE CASCADE,
          digest text NOT NULL,
          version integer NOT NULL,
          prefix text NOT NULL,
          result jsonb NOT NULL,
          PRIMARY KEY (title, digest)
        )`.execute(db);
      await sql`
        CREATE TABLE studio.evidence (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          task text NOT NULL REFERENCES studio.tasks ON DELETE CASCADE,
          at_ms double precision NOT NULL,
          attempt integer NOT NULL,
          worker text NOT NULL,
          code text NOT NULL,
          message text NOT NULL,
          log text NOT NULL
        )`.execute(db);
      await sql`CREATE INDEX evidence_task ON studio.evidence (task, id)`.execute(db);
      await sql`
        CREATE TABLE studio.workers (
          name text PRIMARY KEY,
          task text,
          draining boolean NOT NULL DEFAULT false,
          since_ms double precision NOT NULL,
          heard_ms double precision NOT NULL
        )`.execute(db);
    },
  },
  '004-sidecars': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        CREATE TABLE studio.sidecars (
          bucket text NOT NULL,
          key text COLLATE "C" NOT NULL,
          sequence double precision NOT NULL,
          bytes double precision,
          changed_ms double precision NOT NULL,
          PRIMARY KEY (bucket, key)
        )`.execute(db);
    },
  },
  '005-content-keys': {
    up: async (db: Kysely<unknown>) => {
      await sql`ALTER TABLE studio.titles ADD COLUMN encryption text NOT NULL DEFAULT ''`.execute(db);
      await sql`ALTER TABLE studio.titles ADD COLUMN content_keys jsonb`.execute(db);
    },
  },
  '006-worker-trouble': {
    up: async (db: Kysely<unknown>) => {
      await sql`ALTER TABLE studio.workers ADD COLUMN trouble text`.execute(db);
    },
  },
  '007-estimates': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        ALTER TABLE studio.jobs ADD COLUMN estimate jsonb, ADD COLUMN revised jsonb, ADD COLUMN actual jsonb
      `.execute(db);
      await sql`ALTER TABLE studio.titles ADD COLUMN expected_views double precision`.execute(db);
      await sql`CREATE INDEX tasks_ended ON studio.tasks (ended_ms)`.execute(db);
    },
  },
  '008-signing-keys': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        CREATE TABLE studio.signing_keys (
          id text PRIMARY KEY,
          public_key text NOT NULL,
          private_key text NOT NULL,
          slot integer NOT NULL UNIQUE
        )`.execute(db);
    },
  },
};
