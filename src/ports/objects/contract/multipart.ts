/** Multipart uploads of the contract. */
import assert from 'node:assert/strict';
import type { ObjectStore, PartInfo, UploadRef } from '../objects.ts';
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
  textAt,
} from './expectations.ts';
import type { ContractTest, Room } from './subject.ts';

async function begin({ store, bucket }: Room, key = 'film'): Promise<UploadRef> {
  const { uploadId } = await store.createUpload(bucket, key);
  return { bucket, key, uploadId };
}

const FIRST = pattern(PART_BYTES, 1);
const SECOND = pattern(PART_BYTES + 333, 2);
const LAST = pattern(70_001, 3);

/** An object of three parts, put out of order. */
async function threeParts(room: Room, key = 'film') {
  const upload = await begin(room, key);
  const third = await room.store.putPart(upload, 7, LAST);
  const first = await room.store.putPart(upload, 1, streamed(FIRST), { length: FIRST.length });
  const second = await room.store.putPart(upload, 3, streamed(SECOND), { length: SECOND.length });
  return { upload, parts: [first, second, third] };
}

async function uploadsOf(store: ObjectStore, bucket: string, prefix?: string): Promise<string[]> {
  return (await store.listUploads(bucket, { prefix })).map(({ key }) => key);
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
    name: 'a completion with a wrong ETag is invalid_part and makes nothing',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      const [first, ...rest] = parts;
      const wrong = [{ partNumber: first?.partNumber ?? 0, etag: md5Etag(LAST) }, ...rest];
      await assertCode(room.store.completeUpload(upload, wrong), 'invalid_part');
      await assertAbsent(room.store, { bucket: room.bucket, key: 'film' });
      assert.equal((await room.store.listParts(upload)).parts.length, 3);
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'a completion with a part that never came is invalid_part',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      const unknown = [...parts, { partNumber: 9, etag: md5Etag(LAST) }];
      await assertCode(room.store.completeUpload(upload, unknown), 'invalid_part');
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'parts out of order are invalid_part_order',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      const [first, second, last] = parts as [PartInfo, PartInfo, PartInfo];
      await assertCode(room.store.completeUpload(upload, [second, first, last]), 'invalid_part_order');
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'a part that is named twice is invalid_part_order',
    run: async (room) => {
      const { upload, parts } = await threeParts(room);
      const [first, second] = parts as [PartInfo, PartInfo, PartInfo];
      await assertCode(room.store.completeUpload(upload, [first, first, second]), 'invalid_part_order');
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'a completion without parts is invalid_request',
    run: async (room) => {
      const upload = await begin(room);
      await assertCode(room.store.completeUpload(upload, []), 'invalid_request');
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'part numbers go from 1 to 10,000',
    run: async (room) => {
      const upload = await begin(room);
      for (const number of [0, -1, 10_001, 1.5]) {
        await assertCode(room.store.putPart(upload, number, LAST), 'invalid_request');
      }
      await room.store.putPart(upload, 10_000, LAST);
      await room.store.abortUpload(upload);
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
    name: 'an upload that ended, was aborted or never was is upload_missing',
    run: async (room) => {
      const { store } = room;
      const ended = await begin(room);
      const part = await store.putPart(ended, 1, LAST);
      await store.completeUpload(ended, [part]);
      const aborted = await begin(room);
      await store.abortUpload(aborted);
      for (const upload of [ended, aborted, { ...aborted, uploadId: 'never' }]) {
        await assertCode(store.putPart(upload, 1, LAST), 'upload_missing');
        await assertCode(store.listParts(upload), 'upload_missing');
        await assertCode(store.abortUpload(upload), 'upload_missing');
      }
      await assertCode(store.completeUpload(aborted, [part]), 'upload_missing');
    },
  },
  {
    name: 'an upload belongs to its key',
    run: async (room) => {
      const upload = await begin(room);
      await assertCode(room.store.putPart({ ...upload, key: 'another' }, 1, LAST), 'upload_missing');
      await room.store.abortUpload(upload);
    },
  },
  {
    name: 'an aborted upload leaves the old object in place',
    run: async (room) => {
      const { store, bucket } = room;
      await store.put(bucket, 'film', text('old'));
      const { upload } = await threeParts(room);
      await store.abortUpload(upload);
      assert.equal(await textAt(store, bucket, 'film'), 'old');
      assert.deepEqual(await uploadsOf(store, bucket), []);
    },
  },
  {
    name: 'parts are listed in order and in pages',
    run: async (room) => {
      const { store } = room;
      const upload = await begin(room);
      for (const number of [30, 2, 10_000, 4, 1]) await store.putPart(upload, number, pattern(number));
      const all = await store.listParts(upload);
      assert.deepEqual(
        all.parts.map(({ partNumber, size }) => [partNumber, size]),
        [1, 2, 4, 30, 10_000].map((number) => [number, number]),
      );
      assert.equal(all.next, undefined);
      assert.equal(all.parts[0]?.etag, md5Etag(pattern(1)));
      const first = await store.listParts(upload, { limit: 2 });
      assert.deepEqual([first.parts.length, first.next], [2, 2]);
      const rest = await store.listParts(upload, { after: first.next, limit: 3 });
      assert.deepEqual(
        rest.parts.map(({ partNumber }) => partNumber),
        [4, 30, 10_000],
      );
      assert.equal(rest.next, undefined);
      await store.abortUpload(upload);
    },
  },
  {
    name: 'open uploads are listed by key, with a prefix and a limit',
    run: async (room) => {
      const { store, bucket } = room;
      const uploads = [];
      for (const key of ['b/1', 'a', 'b/2', '電影']) uploads.push(await begin(room, key));
      assert.deepEqual(await uploadsOf(store, bucket), ['a', 'b/1', 'b/2', '電影']);
      assert.deepEqual(await uploadsOf(store, bucket, 'b/'), ['b/1', 'b/2']);
      assert.equal((await store.listUploads(bucket, { limit: 3 })).length, 3);
      const [info] = await store.listUploads(bucket);
      assert.equal(info?.uploadId, uploads[1]?.uploadId);
      assert.ok(info && Math.abs(Date.now() - info.startedAt.getTime()) < 60_000);
      for (const upload of uploads) await store.abortUpload(upload);
    },
  },
  {
    name: 'two uploads of one key are apart, and the one that is completed last stands',
    run: async (room) => {
      const { store, bucket } = room;
      const [one, two] = [await begin(room), await begin(room)];
      assert.notEqual(one.uploadId, two.uploadId);
      const first = await store.putPart(one, 1, text('one'));
      const second = await store.putPart(two, 1, text('two'));
      await store.completeUpload(two, [second]);
      assert.equal(await textAt(store, bucket, 'film'), 'two');
      await store.completeUpload(one, [first]);
      assert.equal(await textAt(store, bucket, 'film'), 'one');
    },
  },
  {
    name: 'a completion with ifNoneMatch of * never replaces an object',
    run: async (room) => {
      const { store, bucket } = room;
      const upload = await begin(room);
      const part = await store.putPart(upload, 1, LAST);
      await store.put(bucket, 'film', text('in between'));
      const completion = store.completeUpload(upload, [part], { ifNoneMatch: '*' });
      await assertCode(completion, 'precondition_failed');
      assert.equal(await textAt(store, bucket, 'film'), 'in between');
      await store.delete(bucket, 'film');
      await store.completeUpload(upload, [part], { ifNoneMatch: '*' });
      assert.ok((await bytesAt(store, bucket, 'film')).equals(LAST));
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
