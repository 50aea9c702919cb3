/** Multipart uploads of the contract: parts become one object. What may go wrong is in `uploads.ts`. */
import assert from 'node:assert/strict';
import type { UploadRef } from '../objects.ts';
import {
  assertAbsent,
  assertCode,
  bytesAt,
  md5Etag,
  PART_BYTES,
  partsEtag,
  pattern,
  readAll,
  streamed,
  text,
} from './expectations.ts';
import type { ContractTest, Room } from './subject.ts';

export async function begin({ store, bucket }: Room, key = 'film'): Promise<UploadRef> {
  const { uploadId } = await store.createUpload(bucket, key);
  return { bucket, key, uploadId };
}

const FIRST = pattern(PART_BYTES, 1);
const SECOND = pattern(PART_BYTES + 333, 2);
export const LAST = pattern(70_001, 3);

/** An object of three parts, put out of order. */
export async function threeParts(room: Room, key = 'film') {
  const upload = await begin(room, key);
  const third = await room.store.putPart(upload, 7, LAST);
  const first = await room.store.putPart(upload, 1, streamed(FIRST), { length: FIRST.length });
  const second = await room.store.putPart(upload, 3, streamed(SECOND), { length: SECOND.length });
  return { upload, parts: [first, second, third] };
}

const WHOLE = Buffer.concat([FIRST, SECOND, LAST]);

export const multipartTests: readonly ContractTest[] = [
  {
    name: 'parts sent out of order make one object in order, with the ETag of ETags',
    run: async (room) => {
      const { store, bucket } = room;
      const { upload, parts } = await threeParts(room);
      const done = await store.completeUpload(upload, parts);
      assert.equal(done.etag, partsEtag([FIRST, SECOND, LAST]));
      const head = await store.head(bucket, 'film');
      assert.equal(head.size, WHOLE.length);
      assert.equal(head.etag, done.etag);
      assert.ok((await bytesAt(store, bucket, 'film')).equals(WHOLE));
      assert.deepEqual(await store.listUploads(bucket), []);
    },
  },
  {
    name: 'a part tells its ETag and size',
    run: async (room) => {
      const upload = await begin(room);
      const part = await room.store.putPart(upload, 2, LAST);
      assert.equal(part.partNumber, 2);
      assert.equal(part.etag, md5Etag(LAST));
      assert.equal(part.size, LAST.length);
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'ranges cross the seams of parts',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      await room.store.completeUpload(upload, parts);
      const seam = FIRST.length;
      const spans = [
        [0, 0],
        [seam - 1, seam],
        [seam, seam],
        [seam - 100_000, seam + 100_000],
        [10, WHOLE.length - 10],
        [seam + SECOND.length - 1, WHOLE.length - 1],
        [seam + SECOND.length, WHOLE.length - 1],
      ] as const;
      for (const [start, end] of spans) {
        const body = await room.store.get(room.bucket, 'film', { range: { start, end } });
        assert.ok((await readAll(body)).equals(WHOLE.subarray(start, end + 1)), `${start}-${end}`);
      }
      const tail = await room.store.get(room.bucket, 'film', { range: { suffix: LAST.length + 5 } });
      assert.ok((await readAll(tail)).equals(WHOLE.subarray(-(LAST.length + 5))));
    },
  },
  {
    name: 'nothing is visible under the key before the upload is complete',
    run: async (room) => {
      const { upload } = await threeParts(room);
      await assertAbsent(room.store, { bucket: room.bucket, key: 'film' });
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'attributes given at the start of an upload come with the object',
    run: async ({ store, bucket }) => {
      const attributes = { contentType: 'video/mp4', metadata: { title: 'x' } };
      const { uploadId } = await store.createUpload(bucket, 'a', { ...attributes, expectedBytes: 3 });
      const upload = { bucket, key: 'a', uploadId };
      await store.completeUpload(upload, [await store.putPart(upload, 1, text('abc'))]);
      const head = await store.head(bucket, 'a');
      assert.equal(head.contentType, 'video/mp4');
      assert.deepEqual(head.metadata, { title: 'x' });
    },
  },
  {
    name: 'a part that is sent again replaces the first one',
    run: async (room) => {
      const { store, bucket } = room;
      const upload = await begin(room);
      const old = await store.putPart(upload, 1, FIRST);
      const part = await store.putPart(upload, 1, LAST);
      assert.deepEqual(
        (await store.listParts(upload)).parts.map(({ size }) => size),
        [LAST.length],
      );
      await assertCode(store.completeUpload(upload, [old]), 'invalid_part');
      await store.completeUpload(upload, [part]);
      assert.ok((await bytesAt(store, bucket, 'film')).equals(LAST));
    },
  },
  {
    name: 'only the parts that are named go into the object',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      await room.store.completeUpload(upload, parts.slice(1));
      const expected = Buffer.concat([SECOND, LAST]);
      assert.ok((await bytesAt(room.store, room.bucket, 'film')).equals(expected));
    },
  },
  {
    name: 'a part under 5 MiB that is not the last is part_too_small, and the upload goes on',
    run: async (room) => {
      const { store, bucket } = room;
      const upload = await begin(room);
      const small = await store.putPart(upload, 1, pattern(PART_BYTES - 1));
      const last = await store.putPart(upload, 2, LAST);
      await assertCode(store.completeUpload(upload, [small, last]), 'part_too_small');
      await assertAbsent(store, { bucket, key: 'film' });
      const first = await store.putPart(upload, 1, FIRST);
      await store.completeUpload(upload, [first, last]);
      assert.equal((await store.head(bucket, 'film')).size, FIRST.length + LAST.length);
    },
  },
  {
    name: 'an object of one empty part is empty',
    run: async (room) => {
      const upload = await begin(room);
      const part = await room.store.putPart(upload, 1, text(''));
      await room.store.completeUpload(upload, [part]);
      assert.equal((await bytesAt(room.store, room.bucket, 'film')).length, 0);
    },
  },
  {
    name: 'a reader of a multipart object finishes on it after it was replaced',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      await room.store.completeUpload(upload, parts);
      const body = await room.store.get(room.bucket, 'film');
      await room.store.put(room.bucket, 'film', text('new'));
      assert.ok((await readAll(body)).equals(WHOLE));
    },
  },
  {
    name: 'a part is copied from an object, whole or a range of it, across the seams of its parts',
    run: async (room) => {
      const { store, bucket } = room;
      const made = await threeParts(room, 'source');
      await store.completeUpload(made.upload, made.parts);
      const source = { bucket, key: 'source' };
      const upload = await begin(room, 'target');
      const from = FIRST.length - 1000;
      const range = { start: from, end: from + PART_BYTES - 1 };
      const first = await store.copyPart(upload, 1, source, range);
      assert.equal(first.size, PART_BYTES);
      const second = await store.copyPart(upload, 2, source);
      await store.completeUpload(upload, [first, second]);
      const expected = Buffer.concat([WHOLE.subarray(from, from + PART_BYTES), WHOLE]);
      assert.ok((await bytesAt(store, bucket, 'target')).equals(expected));
    },
  },
  {
    name: 'a part copied from an absent object is not_found',
    run: async (room) => {
      const upload = await begin(room);
      const source = { bucket: room.bucket, key: 'absent' };
      await assertCode(room.store.copyPart(upload, 1, source), 'not_found');
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'many parts at once all arrive',
    run: async (room) => {
      const { store, bucket } = room;
      const upload = await begin(room);
      const bodies = Array.from({ length: 4 }, (_, i) => pattern(PART_BYTES + i, i));
      const parts = await Promise.all(
        bodies.map((body, i) =>
          store.putPart(upload, i + 1, streamed(body, 65_536), { length: body.length }),
        ),
      );
      await store.completeUpload(upload, parts);
      assert.ok((await bytesAt(store, bucket, 'film')).equals(Buffer.concat(bodies)));
    },
  },
];
