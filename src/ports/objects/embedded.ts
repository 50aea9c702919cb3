/**
 * The object store on a disk: blob files, metadata and outbox in SQLite. This file opens and closes it and holds
 * its background work; what the methods do is in `disk-objects.ts` and `disk-multipart.ts`.
 *
 * A write is: stream to a temporary file, verify, fsync, rename, fsync the folder, commit metadata and event in one
 * transaction, resolve. A crash at any point leaves files that nothing names; the next start sweeps them.
 */
import { join, resolve } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { openBlobs } from './disk-blobs.ts';
import { createCommits, openDatabase } from './disk-database.ts';
import { createOutbox } from './disk-events.ts';
import { createListing } from './disk-listing.ts';
import { acquireLock } from './disk-lock.ts';
import { createMetadata } from './disk-metadata.ts';
import { createDiskMultipart, type DiskMultipart } from './disk-multipart.ts';
import { createDiskObjects } from './disk-objects.ts';
import { commit, type DiskStore } from './disk-store.ts';
import { createUploads } from './disk-uploads.ts';
import { makeDurableFolder } from './folder-syncs.ts';
import { checkBucketName } from './object-rules.ts';
import type { ObjectEvents, ObjectStore } from './objects.ts';

export type DiskObjectsOptions = {
  /** Holds everything; owned by one store at a time. */
  folder: string;
  clock: Clock;
  log: Log;
  /** Signs URLs for the door in front of this store; without it there is no `presign` capability. */
  presigner?: ObjectStore['presign'];
  /** Buckets whose changes nobody needs to hear of. */
  quietBuckets?: readonly string[];
  /** Uploads without activity for this long are aborted. Default 7 days. */
  uploadMaxAgeMs?: number;
};

const UPLOAD_MAX_AGE_MS = 7 * 24 * 3600 * 1000;
const STALE_EVERY_MS = 3600 * 1000;
/** How long closing waits for operations under way. */
const CLOSE_WAIT_MS = 3000;

/** Throws owned_elsewhere when another store holds the folder. */
export async function openDiskObjects(
  options: DiskObjectsOptions,
): Promise<ObjectStore & { events: ObjectEvents; [Symbol.asyncDispose](): Promise<void> }> {
  const { clock, log, presigner } = options;
  const folder = resolve(options.folder);
  await using opening = new AsyncDisposableStack();
  await makeDurableFolder(folder);
  const lock = acquireLock(join(folder, 'lock.sqlite'));
  opening.defer(() => lock.release());
  const db = openDatabase(join(folder, 'meta.sqlite'));
  opening.defer(() => db.close());
  const metadata = createMetadata(db);
  const commits = createCommits(db);
  const blobs = await openBlobs({ folder, log, isNamed: metadata.isNamed });
  const outbox = createOutbox(db, commits, clock);
  const quietBuckets = new Set(options.quietBuckets);
  const store: DiskStore = {
    metadata,
    uploads: createUploads(db),
    outbox,
    commits,
    blobs,
    clock,
    log,
    quietBuckets,
  };
  const objects = createDiskObjects(store);
  const multipart = createDiskMultipart(store, objects.get);
  const listing = createListing(db);
  const gate = createGate(clock);
  const background = startBackground(store, multipart, options.uploadMaxAgeMs ?? UPLOAD_MAX_AGE_MS);
  const resources = opening.move();
  let closing: Promise<void> | undefined;

  const close = async () => {
    outbox.stop();
    await Promise.all([gate.close(), background.stop()]);
    commits.close();
    await blobs.idle();
    await resources.disposeAsync();
  };
  const closeOnce = () => {
    closing ??= close();
    return closing;
  };

  return {
    capabilities: { events: true, presign: presigner !== undefined },
    events: {
      take: gate.pass(outbox.take),
      acknowledge: gate.pass(outbox.acknowledge),
    },
    createBucket: gate.pass(async (bucket) => {
      checkBucketName(bucket);
      await commits.run(() => metadata.createBucket(bucket, clock.now()));
    }),
    deleteBucket: gate.pass((bucket) =>
      commit(store, () => ({ value: metadata.deleteBucket(bucket), freed: [] })),
    ),
    listBuckets: gate.pass(async () => metadata.listBuckets()),
    headBucket: gate.pass(async (bucket) => metadata.findBucket(bucket)),
    put: gate.pass(objects.put),
    get: gate.pass(objects.get),
    head: gate.pass(objects.head),
    delete: gate.pass(objects.delete),
    copy: gate.pass(objects.copy),
    list: gate.pass(async (bucket, page = {}) => listing(metadata.bucketId(bucket), page)),
    createUpload: gate.pass(multipart.createUpload),
    putPart: gate.pass(multipart.putPart),
    copyPart: gate.pass(multipart.copyPart),
    listParts: gate.pass(multipart.listParts),
    listUploads: gate.pass(multipart.listUploads),
    completeUpload: gate.pass(multipart.completeUpload),
    abortUpload: gate.pass(multipart.abortUpload),
    presign: async (method, bucket, key, presignOptions) => {
      if (!presigner) throw new MatineeError('invalid_request', 'this object store cannot sign URLs');
      return presigner(method, bucket, key, presignOptions);
    },
    health: async () => (closing ? { ready: false, reason: 'closed' } : { ready: true }),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

/** Lets operations in while the store is open, and waits a while for them when it closes. */
function createGate(clock: Clock) {
  const running = new Set<Promise<unknown>>();
  let closed = false;
  return {
    pass:
      <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        if (closed) throw new MatineeError('unavailable', 'the object store is closed');
        const done = work(...args);
        const settled: Promise<unknown> = done.then(
          () => running.delete(settled),
          () => running.delete(settled),
        );
        running.add(settled);
        return done;
      },
    close: async () => {
      closed = true;
      const limit = new AbortController();
      const late = clock.sleep(CLOSE_WAIT_MS, limit.signal).catch(() => 'ended early');
      await Promise.race([Promise.all(running), late]);
      limit.abort();
    },
  };
}

/** The sweep after a crash, once, and the end of forgotten uploads, every hour. */
function startBackground(store: DiskStore, multipart: DiskMultipart, uploadMaxAgeMs: number) {
  const { blobs, clock, log } = store;
  const stopping = new AbortController();
  const { signal } = stopping;
  const sweep = async () => {
    const swept = await blobs.sweep(signal);
    if (swept.temporary + swept.blobs > 0) log.info('swept what an earlier run left', swept);
  };
  const abortForgotten = async () => {
    while (!signal.aborted) {
      try {
        const aborted = await multipart.abortStale(uploadMaxAgeMs);
        if (aborted > 0) log.info('aborted uploads that were given up', { aborted });
      } catch (error) {
        log.warn('uploads that were given up could not be aborted; the next hour tries again', { error });
      }
      await clock.sleep(STALE_EVERY_MS, signal);
    }
  };
  const running = [sweep, abortForgotten].map(async (work) => {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log.error('background work of the object store failed', { error });
    }
  });
  return {
    stop: async () => {
      stopping.abort(new Error('the object store is closing'));
      await Promise.all(running);
    },
  };
}
