/** Ranges and conditional requests of the contract. */
import assert from 'node:assert/strict';
import type { ByteRange, Conditions } from '../objects.ts';
import { assertAbsent, assertCode, pattern, readAll, text, textAt } from './expectations.ts';
import type { ContractTest } from './subject.ts';

const SIZE = 1_000_003;
const RANGES: ReadonlyArray<{ range: ByteRange; start: number; end: number }> = [
  { range: { start: 0 }, start: 0, end: SIZE - 1 },
  { range: { start: 0, end: 0 }, start: 0, end: 0 },
  { range: { start: 10, end: 19 }, start: 10, end: 19 },
  { range: { start: 262_143, end: 262_144 }, start: 262_143, end: 262_144 },
  { range: { start: 300_000 }, start: 300_000, end: SIZE - 1 },
  { range: { start: SIZE - 1 }, start: SIZE - 1, end: SIZE - 1 },
  { range: { start: 5, end: SIZE * 10 }, start: 5, end: SIZE - 1 },
  { range: { suffix: 1 }, start: SIZE - 1, end: SIZE - 1 },
  { range: { suffix: 500_000 }, start: SIZE - 500_000, end: SIZE - 1 },
  { range: { suffix: SIZE * 2 }, start: 0, end: SIZE - 1 },
];

const hour = 3_600_000;
const past = () => new Date(Date.now() - hour);
const future = () => new Date(Date.now() + hour);

/** What each condition on an object with this ETag comes to. */
const READS: ReadonlyArray<{ what: string; ok: boolean; conditions(etag: string): Conditions }> = [
  { what: 'ifMatch of its ETag', ok: true, conditions: (etag) => ({ ifMatch: etag }) },
  { what: 'ifMatch of *', ok: true, conditions: () => ({ ifMatch: '*' }) },
  { what: 'ifMatch of another ETag', ok: false, conditions: () => ({ ifMatch: '"0"' }) },
  { what: 'ifNoneMatch of its ETag', ok: false, conditions: (etag) => ({ ifNoneMatch: etag }) },
  { what: 'ifNoneMatch of *', ok: false, conditions: () => ({ ifNoneMatch: '*' }) },
  { what: 'ifNoneMatch of another ETag', ok: true, conditions: () => ({ ifNoneMatch: '"0"' }) },
  { what: 'ifModifiedSince before the write', ok: true, conditions: () => ({ ifModifiedSince: past() }) },
  {
    what: 'ifUnmodifiedSince before the write',
    ok: false,
    conditions: () => ({ ifUnmodifiedSince: past() }),
  },
  {
    what: 'ifUnmodifiedSince after the write',
    ok: true,
    conditions: () => ({ ifUnmodifiedSince: future() }),
  },
  {
    what: 'ifMatch that holds, whatever ifUnmodifiedSince says',
    ok: true,
    conditions: (etag) => ({ ifMatch: etag, ifUnmodifiedSince: past() }),
  },
  {
    what: 'ifNoneMatch that fails, whatever ifModifiedSince says',
    ok: false,
    conditions: (etag) => ({ ifNoneMatch: etag, ifModifiedSince: past() }),
  },
];

export const readTests: readonly ContractTest[] = [
  ...RANGES.map(
    ({ range, start, end }): ContractTest => ({
      name: `the range ${JSON.stringify(range)} of ${SIZE} bytes is ${start} to ${end}`,
      run: async ({ store, bucket }) => {
        const bytes = pattern(SIZE);
        await store.put(bucket, 'a', bytes);
        const body = await store.get(bucket, 'a', { range });
        assert.deepEqual(body.range, { start, end });
        assert.equal(body.size, SIZE);
        assert.ok((await readAll(body)).equals(bytes.subarray(start, end + 1)));
      },
    }),
  ),
  {
    name: 'a range of a few bytes is served from a small object too',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('0123456789'));
      const body = await store.get(bucket, 'a', { range: { start: 2, end: 4 } });
      assert.equal((await readAll(body)).toString(), '234');
    },
  },
  {
    name: 'a range outside the object is range_not_satisfiable',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('0123456789'));
      await store.put(bucket, 'empty', text(''));
      await assertCode(store.get(bucket, 'a', { range: { start: 10 } }), 'range_not_satisfiable');
      await assertCode(store.get(bucket, 'a', { range: { start: 11, end: 20 } }), 'range_not_satisfiable');
      await assertCode(store.get(bucket, 'a', { range: { suffix: 0 } }), 'range_not_satisfiable');
      await assertCode(store.get(bucket, 'empty', { range: { start: 0 } }), 'range_not_satisfiable');
    },
  },
  {
    name: 'a range that ends before it starts is invalid_request',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('0123456789'));
      await assertCode(store.get(bucket, 'a', { range: { start: 4, end: 3 } }), 'invalid_request');
      await assertCode(store.get(bucket, 'a', { range: { start: -1 } }), 'invalid_request');
      await assertCode(store.get(bucket, 'a', { range: { suffix: 0.5 } }), 'invalid_request');
    },
  },
  ...READS.map(
    ({ what, ok, conditions }): ContractTest => ({
      name: `a read with ${what} ${ok ? 'goes through' : 'is precondition_failed'}`,
      run: async ({ store, bucket }) => {
        const { etag } = await store.put(bucket, 'a', text('a'));
        if (!ok) {
          await assertCode(store.get(bucket, 'a', conditions(etag)), 'precondition_failed');
          await assertCode(store.head(bucket, 'a', conditions(etag)), 'precondition_failed');
          return;
        }
        assert.equal((await readAll(await store.get(bucket, 'a', conditions(etag)))).toString(), 'a');
        assert.equal((await store.head(bucket, 'a', conditions(etag))).etag, etag);
      },
    }),
  ),
  {
    name: 'a read with ifModifiedSince of its own time is precondition_failed, in whole seconds',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('a'));
      const { lastModified } = await store.head(bucket, 'a');
      const second = new Date(Math.floor(lastModified.getTime() / 1000) * 1000);
      await assertCode(store.get(bucket, 'a', { ifModifiedSince: second }), 'precondition_failed');
      assert.equal((await store.head(bucket, 'a', { ifUnmodifiedSince: second })).size, 1);
    },
  },
  {
    name: 'a conditional read of an absent key is not_found',
    run: async ({ store, bucket }) => {
      await assertCode(store.get(bucket, 'a', { ifMatch: '"0"' }), 'not_found');
      await assertCode(store.get(bucket, 'a', { ifNoneMatch: '*' }), 'not_found');
    },
  },
  {
    name: 'a put with ifNoneMatch of * makes an object once and never replaces one',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('first'), { ifNoneMatch: '*' });
      await assertCode(store.put(bucket, 'a', text('second'), { ifNoneMatch: '*' }), 'precondition_failed');
      assert.equal(await textAt(store, bucket, 'a'), 'first');
    },
  },
  {
    name: 'of many puts at once with ifNoneMatch of * exactly one wins',
    run: async ({ store, bucket }) => {
      const bodies = Array.from({ length: 8 }, (_, i) => pattern(20_000, i));
      const puts = bodies.map((body) => store.put(bucket, 'a', body, { ifNoneMatch: '*' }));
      const results = await Promise.allSettled(puts);
      const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      assert.equal(won.length, 1);
      const got = await readAll(await store.get(bucket, 'a'));
      assert.ok(got.equals(bodies[won[0] as number] as Buffer));
    },
  },
  {
    name: 'a put with ifMatch replaces the version that it names and no other',
    run: async ({ store, bucket }) => {
      const { etag } = await store.put(bucket, 'a', text('first'));
      await store.put(bucket, 'a', text('second'), { ifMatch: etag });
      await assertCode(store.put(bucket, 'a', text('third'), { ifMatch: etag }), 'precondition_failed');
      assert.equal(await textAt(store, bucket, 'a'), 'second');
    },
  },
  {
    name: 'a put with ifMatch on an absent key is not_found and stores nothing',
    run: async ({ store, bucket }) => {
      await assertCode(store.put(bucket, 'a', text('a'), { ifMatch: '"0"' }), 'not_found');
      await assertAbsent(store, { bucket, key: 'a' });
    },
  },
];
