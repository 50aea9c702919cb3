/** Objects of the disk store: put, get, head, delete, copy. Buckets and uploads are elsewhere. */
import { resolveRange } from './byte-range.ts';
import { checkRead, checkWrite } from './conditions.ts';
import { type NewObject, objectInfo, type StoredBytes } from './disk-rows.ts';
import { type Change, commit, commitBody, type DiskStore, tell } from './disk-store.ts';
import { checkAttributes, checkKey, storedAttributes } from './object-rules.ts';
import type { ObjectStore, PutResult } from './objects.ts';
import { createPieceStream } from './piece-stream.ts';

type ObjectMethods = Pick<ObjectStore, 'put' | 'get' | 'head' | 'delete' | 'copy'>;

export function createDiskObjects(store: DiskStore): ObjectMethods {
  const { metadata, blobs, clock } = store;
  return {
    put: async (bucket, key, body, options = {}) => {
      checkKey(key);
      checkAttributes(options);
      checkWrite(options, metadata.find(metadata.bucketId(bucket), key));
      const written = await blobs.write(body, options);
      return commitBody(store, written, () => {
        const id = metadata.bucketId(bucket);
        checkWrite(options, metadata.find(id, key));
        const object: NewObject = {
          etag: `"${written.md5.toString('hex')}"`,
          size: written.size,
          lastModified: new Date(clock.now()),
          checksum: written.checksum,
          attributes: storedAttributes(options),
        };
        return storeObject(store, bucket, key, object, [written.bytes]);
      });
    },

    get: async (bucket, key, options = {}) => {
      const { range, signal } = options;
      signal?.throwIfAborted();
      const row = metadata.get(metadata.bucketId(bucket), key);
      checkRead(options, row);
      const span = range ? resolveRange(range, row.size) : { start: 0, end: row.size - 1 };
      const pieces = metadata.pieces(row.id, span.start, span.end);
      const release = blobs.hold(pieces.flatMap(({ blob }) => blob ?? []));
      const stream = createPieceStream({ pieces, ...span, pathOf: blobs.pathOf, signal, onEnd: release });
      return { ...objectInfo(row), ...(range ? { range: span } : {}), stream };
    },

    head: async (bucket, key, conditions = {}) => {
      const row = metadata.get(metadata.bucketId(bucket), key);
      checkRead(conditions, row);
      return objectInfo(row);
    },

    delete: (bucket, key) =>
      commit(store, () => {
        const freed = metadata.remove(metadata.bucketId(bucket), key);
        if (freed) tell(store, { kind: 'removed', bucket, key });
        return { value: undefined, freed: freed ?? [] };
      }),

    copy: async (from, to, options = {}) => {
      checkKey(to.key);
      checkAttributes(options.attributes ?? {});
      return commit(store, () => {
        const source = metadata.get(metadata.bucketId(from.bucket), from.key);
        checkRead(options.source ?? {}, source);
        const attributes = options.attributes ? storedAttributes(options.attributes) : source.attributes;
        const { etag, size, checksum } = source;
        const object = { etag, size, checksum, attributes, lastModified: new Date(clock.now()) };
        // The copy shares the blobs of its source: they are immutable, and go when neither names them.
        const content = metadata.pieces(source.id, 0, size - 1);
        return storeObject(store, to.bucket, to.key, object, content);
      });
    },
  };
}

/** Within a commit: puts an object under its key and tells of it. */
export function storeObject(
  store: DiskStore,
  bucket: string,
  key: string,
  object: NewObject,
  content: readonly StoredBytes[],
): Change<PutResult> {
  const { etag, size, attributes } = object;
  const freed = store.metadata.replace(store.metadata.bucketId(bucket), key, object, content);
  tell(store, { kind: 'created', bucket, key, etag, size, contentType: attributes.contentType });
  return { value: putResult(object), freed };
}

export function putResult({ etag, size, lastModified, checksum }: NewObject): PutResult {
  return { etag, size, lastModified, ...(checksum ? { checksum } : {}) };
}
