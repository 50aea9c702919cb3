/**
 * Multipart uploads of the disk store. Each part is a blob of its own, and a completed object is the ordered list
 * of its parts' blobs: completing moves rows, never bytes.
 */
import { isMatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { checkWrite } from './conditions.ts';
import { putResult, storeObject } from './disk-objects.ts';
import { type PartRow, partInfo } from './disk-rows.ts';
import { commit, commitBody, type DiskStore, tell } from './disk-store.ts';
import { compositeChecksum, multipartEtag } from './disk-uploads.ts';
import { checkAttributes, checkKey, checkPartNumber, pageLimit, storedAttributes } from './object-rules.ts';
import type { Body, BodyChecks, ObjectStore, PartInfo, UploadRef } from './objects.ts';
import { createUploadProgress } from './upload-progress.ts';

type MultipartMethods = Pick<
  ObjectStore,
  'createUpload' | 'putPart' | 'copyPart' | 'listParts' | 'listUploads' | 'completeUpload' | 'abortUpload'
>;
export type DiskMultipart = MultipartMethods & {
  /** Aborts uploads that nobody has sent a part to for this long; gives how many. */
  abortStale(maxAgeMs: number): Promise<number>;
};

/** Stale uploads that one sweep ends; the next sweep goes on. */
const STALE_MAX = 1000;

export function createDiskMultipart(store: DiskStore, get: ObjectStore['get']): DiskMultipart {
  const { metadata, uploads, outbox, blobs, clock, commits, log, quietBuckets } = store;
  const progress = createUploadProgress(clock);

  const find = (upload: UploadRef) => uploads.get(metadata.bucketId(upload.bucket), upload);

  const tellProgress = (upload: UploadRef, expectedBytes: number | undefined) => {
    const told = commits.run(() => {
      find(upload);
      const receivedBytes = uploads.receivedBytes(upload.uploadId) + progress.underWay(upload.uploadId);
      tell(store, { kind: 'upload-progress', ...upload, receivedBytes, expectedBytes });
    });
    told.then(outbox.wake, (error: unknown) => log.debug('progress of an upload was not told', { error }));
  };

  const tellRest = async (upload: UploadRef, expectedBytes: number | undefined) => {
    const waitMs = progress.rest(upload.uploadId);
    if (waitMs === undefined) return;
    await clock.sleep(waitMs);
    if (progress.tellRest(upload.uploadId)) tellProgress(upload, expectedBytes);
  };

  const putPart = async (upload: UploadRef, partNumber: number, body: Body, checks: BodyChecks = {}) => {
    checkPartNumber(partNumber);
    const { expectedBytes } = find(upload);
    const flow = progress.begin(upload.uploadId, uploads.part(upload.uploadId, partNumber)?.size ?? 0);
    const quiet = quietBuckets.has(upload.bucket);
    try {
      const written = await blobs.write(body, checks, (bytes) => {
        if (flow.add(bytes) && !quiet) tellProgress(upload, expectedBytes);
      });
      return await commitBody<PartInfo>(store, written, () => {
        find(upload);
        const part: PartRow = {
          partNumber,
          etag: `"${written.md5.toString('hex')}"`,
          size: written.size,
          lastModified: new Date(clock.now()),
          checksum: written.checksum,
          bytes: written.bytes,
        };
        const replaced = uploads.putPart(upload.uploadId, part);
        flow.end();
        return { value: partInfo(part), freed: metadata.unnamed([replaced]) };
      });
    } finally {
      flow.end();
      if (!quiet) void tellRest(upload, expectedBytes);
    }
  };

  const abort = (upload: UploadRef) =>
    commit(store, () => {
      find(upload);
      const freed = metadata.unnamed(uploads.end(upload.uploadId));
      tell(store, { kind: 'upload-aborted', ...upload });
      progress.forget(upload.uploadId);
      return { value: undefined, freed };
    });

  return {
    putPart,
    abortUpload: abort,

    createUpload: async (bucket, key, options = {}) => {
      checkKey(key);
      checkAttributes(options);
      const uploadId = newId();
      const { expectedBytes } = options;
      return commit(store, () => {
        uploads.create({
          id: uploadId,
          bucket: metadata.bucketId(bucket),
          key,
          startedAt: new Date(clock.now()),
          expectedBytes,
          attributes: storedAttributes(options),
        });
        tell(store, { kind: 'upload-started', bucket, key, uploadId, expectedBytes });
        return { value: { uploadId }, freed: [] };
      });
    },

    copyPart: async (upload, partNumber, from, range) => {
      checkPartNumber(partNumber);
      find(upload);
      const { stream } = await get(from.bucket, from.key, { range });
      try {
        return await putPart(upload, partNumber, stream);
      } finally {
        stream.destroy?.();
      }
    },

    listParts: async (upload, options = {}) => {
      find(upload);
      const limit = pageLimit(options.limit);
      const rows = uploads.listParts(upload.uploadId, options.after ?? 0, limit + 1);
      const parts = rows.slice(0, limit).map(partInfo);
      return rows.length > limit && limit > 0 ? { parts, next: parts.at(-1)?.partNumber } : { parts };
    },

    listUploads: async (bucket, options = {}) =>
      uploads.list(metadata.bucketId(bucket), options.prefix ?? '', pageLimit(options.limit)),

    completeUpload: (upload, parts, conditions = {}) =>
      commit(store, () => {
        const bucket = metadata.bucketId(upload.bucket);
        const made = metadata.find(bucket, upload.key);
        const again = made?.upload === upload.uploadId && made.etag === multipartEtag(parts);
        if (made && again) return { value: putResult(made), freed: [] };
        const { attributes } = find(upload);
        const chosen = uploads.chosen(upload.uploadId, parts);
        checkWrite(conditions, made);
        const object = {
          etag: multipartEtag(chosen),
          size: chosen.reduce((sum, { size }) => sum + size, 0),
          lastModified: new Date(clock.now()),
          checksum: compositeChecksum(chosen),
          attributes,
          upload: upload.uploadId,
        };
        const content = chosen.map(({ bytes }) => bytes);
        const { value, freed } = storeObject(store, upload.bucket, upload.key, object, content);
        const unused = metadata.unnamed(uploads.end(upload.uploadId));
        progress.forget(upload.uploadId);
        return { value, freed: [...freed, ...unused] };
      }),

    abortStale: async (maxAgeMs) => {
      const stale = uploads.stale(clock.now() - maxAgeMs, STALE_MAX);
      const due = stale.filter(({ uploadId }) => !progress.isActive(uploadId));
      const results = await Promise.allSettled(due.map(abort));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed && !isMatineeError(failed.reason, 'upload_missing')) throw failed.reason;
      return results.filter(({ status }) => status === 'fulfilled').length;
    },
  };
}
