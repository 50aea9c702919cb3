/** Events of the contract, for adapters that keep them. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectEvent, ObjectEvents } from '../objects.ts';
import { assertCode, pattern, text } from './expectations.ts';
import type { ContractTest, Room } from './subject.ts';

/** Takes and acknowledges what there is, and gives what concerns this bucket. */
async function drain(room: Room): Promise<ObjectEvent[]> {
  const events = eventsOf(room);
  const seen: ObjectEvent[] = [];
  for (let batch = await events.take(100, 0); batch.length > 0; batch = await events.take(100, 0)) {
    seen.push(...batch.filter(({ bucket }) => bucket === room.bucket));
    await events.acknowledge(batch.map(({ sequence }) => sequence));
  }
  return seen;
}

function eventsOf({ events }: Room): ObjectEvents {
  assert.ok(events, 'an adapter with events gives them to the suite');
  return events;
}

export const eventTests: readonly ContractTest[] = [
  {
    name: 'puts, copies and deletes are told in the order of their commits',
    needs: 'events',
    run: async (room) => {
      const { store, bucket } = room;
      await drain(room);
      const { etag } = await store.put(bucket, 'a', text('abc'), { contentType: 'text/plain' });
      await store.copy({ bucket, key: 'a' }, { bucket, key: '電影' });
      await store.delete(bucket, 'a');
      const told = (await drain(room)).map(({ sequence: _, at: __, ...rest }) => rest);
      assert.deepEqual(told, [
        { kind: 'created', bucket, key: 'a', etag, size: 3, contentType: 'text/plain' },
        { kind: 'created', bucket, key: '電影', etag, size: 3, contentType: 'text/plain' },
        { kind: 'removed', bucket, key: 'a' },
      ]);
    },
  },
  {
    name: 'the sequence of events only grows, and each has a time',
    needs: 'events',
    run: async (room) => {
      for (let i = 0; i < 5; i++) await room.store.put(room.bucket, `k${i}`, text('x'));
      const events = await drain(room);
      for (const [i, event] of events.entries()) {
        assert.ok(i === 0 || event.sequence > (events[i - 1]?.sequence ?? 0));
        assert.ok(Math.abs(Date.now() - event.at.getTime()) < 60_000);
      }
    },
  },
  {
    name: 'an upload is told from its start to its object, its progress at most once a second',
    needs: 'events',
    run: async (room) => {
      const { store, bucket } = room;
      await drain(room);
      const { uploadId } = await store.createUpload(bucket, 'a', { expectedBytes: 50_000 });
      const upload = { bucket, key: 'a', uploadId };
      const part = await store.putPart(upload, 1, pattern(50_000));
      await store.completeUpload(upload, [part]);
      const told = await drain(room);
      assert.deepEqual(
        told.filter(({ kind }) => kind !== 'upload-progress').map(({ kind }) => kind),
        ['upload-started', 'created'],
      );
      const started = told[0];
      assert.ok(started?.kind === 'upload-started' && started.expectedBytes === 50_000);
      const progress = told.filter((event) => event.kind === 'upload-progress');
      assert.ok(progress.length <= 1);
      for (const event of progress) {
        assert.ok(event.receivedBytes > 0 && event.receivedBytes <= 50_000);
        assert.equal(event.expectedBytes, 50_000);
      }
    },
  },
  {
    name: 'what an upload has received is told to the last byte, also when nothing more comes',
    needs: 'events',
    run: async (room) => {
      const { store, bucket } = room;
      const { uploadId } = await store.createUpload(bucket, 'a');
      const upload = { bucket, key: 'a', uploadId };
      await store.putPart(upload, 1, pattern(300_000));
      await store.putPart(upload, 2, pattern(200_000));
      let received = 0;
      for (const end = Date.now() + 10_000; received < 500_000 && Date.now() < end; ) {
        for (const event of await drain(room))
          if (event.kind === 'upload-progress') received = event.receivedBytes;
        await sleep(20);
      }
      assert.equal(received, 500_000);
      await store.abortUpload(upload);
    },
  },
  {
    name: 'an aborted upload is told',
    needs: 'events',
    run: async (room) => {
      const { store, bucket } = room;
      const { uploadId } = await store.createUpload(bucket, 'a');
      await drain(room);
      await store.abortUpload({ bucket, key: 'a', uploadId });
      const [event] = await drain(room);
      assert.ok(event?.kind === 'upload-aborted' && event.uploadId === uploadId);
    },
  },
  {
    name: 'a write that fails tells nothing, nor does a delete of nothing',
    needs: 'events',
    run: async (room) => {
      const { store, bucket } = room;
      await drain(room);
      await assertCode(store.put(bucket, 'a', text('abc'), { length: 4 }), 'digest_mismatch');
      await assertCode(store.put(bucket, 'a', text('abc'), { ifMatch: '"0"' }), 'not_found');
      await store.delete(bucket, 'a');
      assert.deepEqual(await drain(room), []);
    },
  },
  {
    name: 'events stay until they are acknowledged, in any number and order',
    needs: 'events',
    run: async (room) => {
      const events = eventsOf(room);
      await drain(room);
      for (const key of ['a', 'b', 'c']) await room.store.put(room.bucket, key, text('x'));
      const first = await events.take(2, 0);
      assert.equal(first.length, 2);
      assert.deepEqual(await events.take(2, 0), first);
      await events.acknowledge([first[1]?.sequence ?? 0]);
      const left = (await events.take(10, 0)).map(({ key }) => key);
      assert.deepEqual(left, ['a', 'c']);
      await events.acknowledge([]);
      assert.equal((await drain(room)).length, 2);
      assert.deepEqual(await events.take(10, 0), []);
    },
  },
  {
    name: 'take waits for the first event and no longer than it is told',
    needs: 'events',
    run: async (room) => {
      const events = eventsOf(room);
      await drain(room);
      assert.deepEqual(await events.take(10, 20), []);
      const taken = events.take(10, 30_000);
      await room.store.put(room.bucket, 'a', text('x'));
      assert.deepEqual(
        (await taken).map(({ key }) => key),
        ['a'],
      );
      await drain(room);
    },
  },
  {
    name: 'an aborted signal ends a wait for events',
    needs: 'events',
    run: async (room) => {
      await drain(room);
      const controller = new AbortController();
      const taken = eventsOf(room).take(10, 30_000, controller.signal);
      controller.abort(new Error('enough'));
      await assert.rejects(taken, /enough/);
    },
  },
];
