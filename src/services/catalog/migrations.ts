/** The schema `catalog`. A migration that was released is never edited; the next one is added below it. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const catalogMigrations: Readonly<Record<string, Migration>> = {
  '001-titles-and-uploads': {
    up: async (db: Kysely<unknown>) => {
      await sql`
        CREATE TABLE catalog.titles (
          id text PRIMARY KEY,
          bucket text NOT NULL,
          key text NOT NULL,
          name text NOT NULL,
          attribution text,
          state text NOT NULL,
          stage text NOT NULL,
          progress double precision NOT NULL,
          eta_s double precision,
          duration_s double precision,
          width integer,
          height integer,
          reason text,
          reason_code text,
          bytes double precision,
          bytes_expected double precision,
          publication jsonb,
          publication_number integer NOT NULL DEFAULT 0,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          removed_at timestamptz
        )`.execute(db);
      // A removed title makes room for a new one from the same key.
      await sql`CREATE UNIQUE INDEX titles_source ON catalog.titles (bucket, key) WHERE removed_at IS NULL`.execute(
        db,
      );
      await sql`CREATE INDEX titles_removed ON catalog.titles (removed_at) WHERE removed_at IS NOT NULL`.execute(
        db,
      );
      await sql`
        CREATE TABLE catalog.uploads (
          id text PRIMARY KEY,
          title text NOT NULL,
          key text NOT NULL,
          upload_id text,
          name text NOT NULL,
          size double precision NOT NULL,
          type text,
          part_bytes double precision NOT NULL,
          completed boolean NOT NULL DEFAULT false,
          created_at timestamptz NOT NULL
        )`.execute(db);
      await sql`CREATE INDEX uploads_age ON catalog.uploads (created_at)`.execute(db);
      await sql`CREATE INDEX uploads_title ON catalog.uploads (title)`.execute(db);
    },
  },
  '002-first-light': {
    up: async (db: Kysely<unknown>) => {
      await sql`ALTER TABLE catalog.titles ADD COLUMN playable_s double precision`.execute(db);
    },
  },
};
