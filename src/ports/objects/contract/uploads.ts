/** The life of multipart uploads in the contract: completions that are refused, aborts, listings, conditions. */
import assert from 'node:assert/strict';
import type { ObjectStore, PartInfo } from '../objects.ts';
import { assertAbsent, assertCode, bytesAt, md5Etag, pattern, text, textAt } from './expectations.ts';
import { begin, LAST, threeParts } from './multipart.ts';
import type { ContractTest } from './subject.ts';

async function uploadsOf(store: ObjectStore, bucket: string, prefix?: string): Promise<string[]> {
  return (await store.listUploads(bucket, { prefix })).map(({ key }) => key);
}

export const uploadTests: readonly ContractTest[] = [
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
    name: 'a completion that is asked again gives the same result, until another object stands there',
    run: async (room) => {
      const { store, bucket } = room;
      const { upload, parts } = await threeParts(room);
      const first = await store.completeUpload(upload, parts);
      const again = await store.completeUpload(upload, parts);
      assert.deepEqual([again.etag, again.size], [first.etag, first.size]);
      await assertCode(store.completeUpload(upload, parts.slice(1)), 'upload_missing');
      await store.put(bucket, 'film', text('new'));
      await assertCode(store.completeUpload(upload, parts), 'upload_missing');
      assert.equal(await textAt(store, bucket, 'film'), 'new');
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
];
