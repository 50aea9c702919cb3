/**
 * What Matinee asks of a relational database: PostgreSQL, nothing less. Structured data lives here: titles,
 * jobs, members. Hot sessions do not; they live in `tables`.
 *
 * Obligations of every adapter, proved by `records.contract.ts`:
 * - A resolved commit survives `kill -9` of the program and of the server.
 * - Transactions are isolated; a rejected one leaves nothing.
 * - A second owner of the same embedded data folder is refused with `owned_elsewhere`.
 * - Each service's migrations run once, in order, whatever the number of processes that start together.
 * - Queries wait at most `statementTimeoutMs`, connections are bounded, and a restart of the server is ridden
 *   out: later calls succeed without a restart of the program.
 */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export type Records = {
  /** A query builder typed by the caller with its own tables. Every service keeps to its own schema. */
  db<Tables>(): Kysely<Tables>;
  /** Brings a service's schema to its newest form. `service` names the PostgreSQL schema and its history. */
  migrate(service: string, migrations: Readonly<Record<string, Migration>>): Promise<void>;
  /** For libraries that speak to PostgreSQL themselves. */
  readonly connection: {
    connectionString?: string;
    host?: string;
    port?: number;
    user?: string;
    password?: string;
    database?: string;
  };
  health(): Promise<{ ready: true } | { ready: false; reason: string }>;
  close(): Promise<void>;
};
