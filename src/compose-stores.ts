/**
 * Chooses and opens the adapter of each port for the control process. Together with `compose.ts` and
 * `compose-fleet.ts` the only place that knows which adapters there are; each is loaded only when it is chosen.
 */
import { join } from 'node:path';
import type { Directory } from './directory.ts';
import type { Unit } from './main.ts';
import { MEDIA_BUCKET, PROFILES, UPLOAD_BUCKET } from './names.ts';
import { MatineeError } from './platform/errors.ts';
import { presignUrl } from './platform/sigv4.ts';
import type { Keys } from './ports/keys/keys.ts';
import type { ObjectEvents, ObjectStore, PresignOptions } from './ports/objects/objects.ts';
import type { Queue } from './ports/queue/queue.ts';
import type { Records } from './ports/records/records.ts';
import type { Tables } from './ports/tables/tables.ts';
import type { Role } from './roles.ts';
import { type AccessKeys, openAccessKeys } from './services/origin/access-keys.ts';
import { readCredentials, writeCredentials } from './services/origin/credentials-file.ts';

export type OpenedObjects = { objects: ObjectStore; events?: ObjectEvents };

export async function openKeys(unit: Unit): Promise<Keys> {
  const { openLocalKeys } = await import('./ports/keys/embedded.ts');
  return openLocalKeys({ folder: join(unit.folder, 'keys'), clock: unit.clock });
}

export async function openTables(unit: Unit): Promise<Tables> {
  const { openSqliteTables } = await import('./ports/tables/embedded.ts');
  const tables = await openSqliteTables({
    file: join(unit.folder, 'tables', 'tables.sqlite'),
    ...timed(unit),
  });
  unit.lifecycle.onShutdown('close', 'tables', () => tables.close());
  return tables;
}

/** The database of DATABASE_URL, else the embedded one: brought by this process or by another on this folder. */
export async function openRecords(roles: ReadonlySet<Role>, unit: Unit): Promise<Records> {
  const limits = { ...timed(unit), poolMax: 10, statementTimeoutMs: 30_000 };
  const folder = join(unit.folder, 'postgres');
  const url = unit.settings.DATABASE_URL;
  let records: Records;
  if (url === '' && roles.has('records')) {
    const { openEmbeddedRecords } = await import('./ports/records/embedded.ts');
    records = await openEmbeddedRecords({ folder, ...limits });
  } else {
    const { connectRecords } = await import('./ports/records/server.ts');
    const { embeddedConnection } = await import('./ports/records/embedded.ts');
    records = await connectRecords({
      ...(url === '' ? await embeddedConnection(folder) : { connectionString: url }),
      ...limits,
    });
  }
  unit.lifecycle.onShutdown('close', 'records', () => records.close());
  return records;
}

export async function openQueue(records: Records, unit: Unit): Promise<Queue> {
  const { openPgBossQueue } = await import('./ports/queue/embedded.ts');
  const queue = await openPgBossQueue({ records, ...timed(unit) });
  unit.lifecycle.onShutdown('close', 'queue', () => queue.close());
  return queue;
}

/**
 * The access keys of the S3 door, with the ones that every installation has: the operator's, the studio's and
 * the edges'. Their secrets go into the credentials file of the data folder.
 */
export async function openDoorKeys(tables: Tables, keys: Keys, unit: Unit): Promise<AccessKeys> {
  const accessKeys = await openAccessKeys({ tables, keys, clock: unit.clock });
  const everything = { actions: ['read', 'write', 'list', 'admin'], bucket: '*', prefix: '' } as const;
  await writeCredentials(credentialsFile(unit.folder), {
    [PROFILES.root]: await accessKeys.ensure('root', [everything]),
    [PROFILES.studio]: await accessKeys.ensure('studio', [everything]),
    [PROFILES.edge]: await accessKeys.ensure('edge', [
      { actions: ['read'], bucket: MEDIA_BUCKET, prefix: 'titles/' },
    ]),
  });
  return accessKeys;
}

export function credentialsFile(folder: string): string {
  return join(folder, 'credentials');
}

/** The disk store when the S3 door is here, else the door of another process, through the S3 adapter. */
export async function openObjects(
  roles: ReadonlySet<Role>,
  accessKeys: AccessKeys | undefined,
  doorUrl: string,
  directory: Directory,
  unit: Unit,
): Promise<OpenedObjects> {
  const { settings, folder, lifecycle, clock } = unit;
  if (roles.has('origin') && accessKeys) {
    const { openDiskObjects } = await import('./ports/objects/embedded.ts');
    const credentials = (await readCredentials(credentialsFile(folder)))[PROFILES.studio];
    if (!credentials) throw new MatineeError('internal', 'the credentials file lacks the studio profile');
    const store = await openDiskObjects({
      folder: join(folder, 'objects'),
      ...timed(unit),
      quietBuckets: [MEDIA_BUCKET],
      presigner: async (method: 'GET' | 'PUT', bucket: string, key: string, options: PresignOptions) =>
        presignUrl({
          method,
          baseUrl: options.baseUrl ?? doorUrl,
          bucket,
          key,
          query: partQuery(options),
          expiresS: options.expiresS,
          credentials,
          region: settings.MATINEE_REGION,
          date: new Date(clock.now()),
        }),
    });
    lifecycle.onShutdown('close', 'objects', () => store.close());
    return { objects: store, events: store.events };
  }
  const endpoint = await waitFor('the S3 door', () => directory.address('origin'), unit);
  const credentials = await waitFor(
    'the credentials file',
    async () => (await readCredentials(credentialsFile(folder)))[PROFILES.studio],
    unit,
  );
  const { openAwsObjects } = await import('./ports/objects/aws.ts');
  const objects = await openAwsObjects({
    endpoint,
    region: settings.MATINEE_REGION,
    credentials,
    forcePathStyle: true,
    clock,
  });
  lifecycle.onShutdown('close', 'objects', () => objects.close());
  return { objects };
}

/** Makes the buckets that the services need. */
export async function ensureBuckets(objects: ObjectStore): Promise<void> {
  for (const bucket of [MEDIA_BUCKET, UPLOAD_BUCKET]) {
    if (!(await objects.headBucket(bucket))) await objects.createBucket(bucket);
  }
}

/** Asks again every half second, until there is an answer or the program ends. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>, unit: Unit): Promise<T> {
  for (let told = false; ; told = true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (!told) unit.log.info(`waiting for ${what}`);
    await unit.clock.sleep(500, unit.lifecycle.signal);
  }
}

function partQuery(options: PresignOptions): Record<string, string> {
  if (options.uploadId === undefined) return {};
  return { partNumber: String(options.partNumber), uploadId: options.uploadId };
}

function timed(unit: Unit) {
  return { clock: unit.clock, log: unit.log };
}
