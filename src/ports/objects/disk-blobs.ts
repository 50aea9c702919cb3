/**
 * Blob files: immutable, named by an id, in folders by time of writing. A blob counts only once the metadata
 * names it; until then it is in flight here. Files go when nothing names them and no reader is left on them.
 */
import { mkdir, opendir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import { type BodyFacts, bodyChunks, createBodyDigest } from './checksums.ts';
import { createBufferPool, openBlobWriter } from './disk-blob-writer.ts';
import { diskFault } from './disk-faults.ts';
import type { StoredBytes } from './disk-rows.ts';
import { createSpaceGuard } from './disk-space.ts';
import { createFolderSyncs, makeDurableFolder } from './folder-syncs.ts';
import type { Body, BodyChecks } from './objects.ts';

/** Bodies up to this size live in the metadata row: one shared fsync instead of three of their own. */
const INLINE_BYTES_MAX = 8 * 1024;
/** The first characters of an id, which change every 18 minutes: uploads of one time share a folder's fsync. */
const FOLDER_CHARACTERS = 6;
const IDLE_BUFFERS_MAX = 8;
const REMOVALS_AT_ONCE = 4;

export type WrittenBody = BodyFacts & { md5: Buffer; bytes: StoredBytes };
export type Blobs = Awaited<ReturnType<typeof openBlobs>>;

export async function openBlobs(deps: { folder: string; log: Log; isNamed(blob: string): boolean }) {
  const { folder, log, isNamed } = deps;
  const temporary = join(folder, 'tmp');
  const home = join(folder, 'blobs');
  await makeDurableFolder(temporary);
  await makeDurableFolder(home);
  const leftovers = await readdir(temporary);
  const syncFolder = createFolderSyncs();
  const pool = createBufferPool(IDLE_BUFFERS_MAX);
  const space = createSpaceGuard(folder);
  const inFlight = new Set<string>();
  const readers = new Map<string, number>();
  const condemned = new Set<string>();
  const folders = new Map<string, Promise<void>>();
  let removals: Promise<void>[] = [];

  const pathOf = (blob: string) => join(home, blob.slice(0, FOLDER_CHARACTERS), blob);

  const makeFolder = (path: string): Promise<void> => {
    let making = folders.get(path);
    if (!making) {
      making = mkdir(path, { recursive: true }).then(() => syncFolder(home));
      folders.clear();
      folders.set(path, making);
      making.catch(() => folders.delete(path));
    }
    return making;
  };

  const removeFile = async (blob: string) => {
    try {
      await rm(pathOf(blob), { force: true });
    } catch (error) {
      log.warn('a blob file could not be removed; the next start tries again', { blob, error });
    }
  };

  /** Only folders of the past, which no blob in flight will be renamed into. */
  const removeEmpty = async (group: string) => {
    const used = [newId(), ...inFlight].some((blob) => blob.slice(0, FOLDER_CHARACTERS) <= group);
    if (used) return;
    try {
      await rmdir(join(home, group));
    } catch (error) {
      if (systemCode(error) !== 'ENOTEMPTY') throw error;
    }
  };

  const settleName = async (blob: string) => {
    const path = pathOf(blob);
    await makeFolder(dirname(path));
    await rename(join(temporary, blob), path);
    await syncFolder(dirname(path));
  };

  const receive = async (
    body: Body,
    checks: BodyChecks,
    blob: string,
    onBytes?: (count: number) => void,
  ): Promise<WrittenBody> => {
    const digest = createBodyDigest(checks);
    const few: Uint8Array[] = [];
    let held = 0;
    let writer: Awaited<ReturnType<typeof openBlobWriter>> | undefined;
    try {
      for await (const chunk of bodyChunks(body)) {
        digest.update(chunk);
        if (!writer && held + chunk.length <= INLINE_BYTES_MAX) {
          few.push(Buffer.from(chunk));
          held += chunk.length;
        } else {
          writer ??= await openBlobWriter(join(temporary, blob), pool);
          for (const early of few.splice(0)) await writer.write(early);
          await writer.write(chunk);
        }
        onBytes?.(chunk.length);
      }
      const facts = digest.finish();
      if (!writer) {
        await space.requireFor(facts.size);
        return { ...facts, bytes: { size: facts.size, data: Buffer.concat(few) } };
      }
      const full = writer;
      writer = undefined;
      await full.finish();
      await settleName(blob);
      return { ...facts, bytes: { size: facts.size, blob } };
    } finally {
      await writer?.abandon();
    }
  };

  /** Removes blobs that nothing names any more, now or when their last reader leaves. Does not wait. */
  const remove = (blobs: readonly string[]): void => {
    const free = blobs.filter((blob) => !readers.has(blob));
    for (const blob of blobs) if (readers.has(blob)) condemned.add(blob);
    if (free.length === 0) return;
    const work = removeSome(free, removeFile).finally(() => {
      removals = removals.filter((other) => other !== work);
    });
    removals.push(work);
  };

  return {
    pathOf,
    remove,

    /**
     * Streams a body to disk and verifies it. Call `settle` with what it gave once the metadata names it, or
     * `discard` when that failed. Nothing is left when it rejects.
     */
    write: async (
      body: Body,
      checks: BodyChecks,
      onBytes?: (count: number) => void,
    ): Promise<WrittenBody> => {
      const blob = newId();
      inFlight.add(blob);
      try {
        return await receive(body, checks, blob, onBytes);
      } catch (error) {
        await rm(join(temporary, blob), { force: true });
        await removeFile(blob);
        inFlight.delete(blob);
        throw diskFault(error);
      }
    },

    settle: ({ bytes }: WrittenBody): void => {
      if (bytes.blob !== undefined) inFlight.delete(bytes.blob);
    },

    discard: async ({ bytes }: WrittenBody): Promise<void> => {
      if (bytes.blob === undefined) return;
      await removeFile(bytes.blob);
      inFlight.delete(bytes.blob);
    },

    /** Keeps the files of these blobs until the returned function is called, whatever happens to their names. */
    hold: (blobs: readonly string[]): (() => void) => {
      for (const blob of blobs) readers.set(blob, (readers.get(blob) ?? 0) + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        for (const blob of blobs) {
          const left = (readers.get(blob) ?? 1) - 1;
          if (left > 0) readers.set(blob, left);
          else readers.delete(blob);
        }
        const due = blobs.filter((blob) => !readers.has(blob) && condemned.delete(blob));
        if (due.length > 0) remove(due);
      };
    },

    /** Removes what a crash left: temporary files of the last run, and blobs that no metadata names. */
    sweep: async (signal: AbortSignal): Promise<{ temporary: number; blobs: number }> => {
      const swept = { temporary: 0, blobs: 0 };
      for (const name of leftovers) {
        if (signal.aborted) return swept;
        await rm(join(temporary, name), { force: true, recursive: true });
        swept.temporary++;
      }
      for (const group of await readdir(home)) {
        for await (const { name } of await opendir(join(home, group))) {
          if (signal.aborted) return swept;
          if (!isId(name) || inFlight.has(name) || readers.has(name) || isNamed(name)) continue;
          await removeFile(name);
          swept.blobs++;
        }
        await removeEmpty(group);
      }
      return swept;
    },

    /** Waits for removals under way. */
    idle: async (): Promise<void> => {
      await Promise.all(removals);
    },
  };
}

async function removeSome(blobs: readonly string[], removeFile: (blob: string) => Promise<void>) {
  let next = 0;
  const lane = async () => {
    for (let blob = blobs[next++]; blob !== undefined; blob = blobs[next++]) await removeFile(blob);
  };
  await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, lane));
}
