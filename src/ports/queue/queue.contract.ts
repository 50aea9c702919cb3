/** What every adapter of the `queue` port must do. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from './queue.ts';

const OPTIONS = { leaseS: 10, triesMax: 3, retryDelayS: 0 };
const stale = { code: 'stale_attempt' };

export function queueContract(name: string, open: () => Promise<Queue & { end(): Promise<void> }>): void {
  describe(`queue: ${name}`, () => {
    let queue: Queue & { end(): Promise<void> };
    let count = 0;
    before(async () => {
      queue = await open();
    });
    after(async () => {
      await queue?.end();
    });
    /** A queue of its own for each test. */
    const fresh = async (options = OPTIONS) => {
      count += 1;
      await queue.declare(`contract-${count}`, options);
      return `contract-${count}`;
    };
    const take = async (from: string, limit = 10): Promise<Job[]> => queue.lease(from, { limit, waitMs: 0 });
    const takeOne = async (from: string): Promise<Job> => {
      const [job] = await queue.lease(from, { limit: 1, waitMs: 5000 });
      assert.ok(job, 'there is a job');
      return job;
    };

    test('a job comes once, with its payload, and is gone when it is complete', async () => {
      const q = await fresh();
      const payload = { text: 'ü 映画', nested: { list: [1, null] } };
      const [id] = await queue.send(q, [{ payload, key: 'one' }]);
      const job = await takeOne(q);
      assert.deepEqual(job, { id, attempt: 1, payload, key: 'one' });
      assert.deepEqual(await take(q), []);
      await queue.complete(q, job);
      await assert.rejects(queue.complete(q, job), stale);
      assert.deepEqual(await queue.depth(q), { waiting: 0, running: 0, dead: 0 });
    });

    test('the more urgent comes first, then the older', async () => {
      const q = await fresh();
      await queue.send(q, [{ payload: { n: 1 } }]);
      await queue.send(q, [{ payload: { n: 2 } }]);
      await queue.send(q, [{ payload: { n: 3 }, priority: 5 }]);
      const order = [];
      for (let i = 0; i < 3; i++) order.push((await takeOne(q)).payload.n);
      assert.deepEqual(order, [3, 1, 2]);
    });

    test('a key that waits or runs is not sent again; after its end it is', async () => {
      const q = await fresh();
      const job = { payload: {}, key: 'same' };
      const [first, second] = await queue.send(q, [job, job]);
      assert.ok(first);
      assert.equal(second, undefined);
      const leased = await takeOne(q);
      assert.deepEqual(await queue.send(q, [job]), [undefined]);
      await queue.complete(q, leased);
      const [third] = await queue.send(q, [job]);
      assert.ok(third);
    });

    test('a wait ends soon after a job was sent, or with nothing when its time is over', async () => {
      const q = await fresh();
      assert.deepEqual(await queue.lease(q, { limit: 1, waitMs: 300 }), []);
      const waiting = queue.lease(q, { limit: 1, waitMs: 10_000 });
      await sleep(50);
      await queue.send(q, [{ payload: { n: 1 } }]);
      const [job] = await waiting;
      assert.deepEqual(job?.payload, { n: 1 });
    });

    test('a wait ends with its signal', async () => {
      const q = await fresh();
      const stop = new AbortController();
      const waiting = queue.lease(q, { limit: 1, waitMs: 60_000, signal: stop.signal });
      stop.abort();
      assert.deepEqual(await waiting, []);
    });

    test('a failed job is tried again with a higher attempt, and the old one is stale', async () => {
      const q = await fresh();
      await queue.send(q, [{ payload: {}, key: 'again' }]);
      const first = await takeOne(q);
      await queue.fail(q, first, { code: 'x', message: 'once' }, { retry: true });
      const second = await takeOne(q);
      assert.equal(second.id, first.id);
      assert.ok(second.attempt > first.attempt);
      for (const late of [
        () => queue.heartbeat(q, first),
        () => queue.complete(q, first),
        () => queue.fail(q, first, { code: 'x', message: 'late' }, { retry: false }),
      ])
        await assert.rejects(late(), stale);
      await queue.heartbeat(q, second);
      await queue.complete(q, second);
    });

    test('after its tries a job is a dead letter with its last error', async () => {
      const q = await fresh();
      await queue.send(q, [{ payload: { n: 7 }, key: 'poison' }]);
      for (let n = 1; n <= 3; n++)
        await queue.fail(q, await takeOne(q), { code: 'bad', message: `try ${n}` }, { retry: true });
      assert.deepEqual(await take(q), []);
      const [dead] = await queue.deadLetters(q, { limit: 10 });
      assert.deepEqual(dead?.payload, { n: 7 });
      assert.equal(dead?.key, 'poison');
      assert.equal(dead?.attempts, 3);
      assert.deepEqual(dead?.error, { code: 'bad', message: 'try 3' });
      assert.deepEqual(await queue.depth(q), { waiting: 0, running: 0, dead: 1 });
    });

    test('a failure that no retry can mend makes a dead letter at once', async () => {
      const q = await fresh();
      await queue.send(q, [{ payload: {} }]);
      await queue.fail(q, await takeOne(q), { code: 'no', message: 'never' }, { retry: false });
      assert.deepEqual(await take(q), []);
      assert.equal((await queue.depth(q)).dead, 1);
    });

    test('a delayed job and a delayed retry wait', async () => {
      const q = await fresh();
      await queue.send(q, [{ payload: { n: 1 }, delayS: 1 }]);
      assert.deepEqual(await take(q), []);
      const job = await takeOne(q);
      await queue.fail(q, job, { code: 'x', message: 'wait' }, { retry: true, delayS: 1 });
      assert.deepEqual(await take(q), []);
      assert.equal((await takeOne(q)).attempt, 2);
    });

    test('cancelled keys are out of the queue, and their running attempts are stale', async () => {
      const q = await fresh();
      await queue.send(q, [
        { payload: {}, key: 'running', priority: 1 },
        { payload: {}, key: 'waiting' },
        { payload: {}, key: 'other' },
      ]);
      const running = await takeOne(q);
      await queue.cancel(q, ['running', 'waiting', 'never was']);
      await assert.rejects(queue.heartbeat(q, running), stale);
      assert.deepEqual(
        (await take(q)).map(({ key }) => key),
        ['other'],
      );
    });

    test('two that lease at once never get the same job', async () => {
      const q = await fresh();
      await queue.send(
        q,
        Array.from({ length: 40 }, (_, n) => ({ payload: { n } })),
      );
      const batches = await Promise.all(Array.from({ length: 8 }, () => take(q, 5)));
      const ids = batches.flat().map(({ id }) => id);
      assert.equal(ids.length, 40);
      assert.equal(new Set(ids).size, 40);
    });

    test('a lease that nobody renews runs out, one that is renewed does not', {
      timeout: 60_000,
    }, async () => {
      const q = await fresh();
      await queue.send(q, [
        { payload: {}, key: 'lost', priority: 1 },
        { payload: {}, key: 'kept' },
      ]);
      const lost = await takeOne(q);
      const kept = await takeOne(q);
      let again: Job | undefined;
      for (const deadline = Date.now() + 30_000; !again && Date.now() < deadline; ) {
        await queue.heartbeat(q, kept);
        [again] = await queue.lease(q, { limit: 1, waitMs: 2000 });
      }
      assert.equal(again?.key, 'lost');
      assert.equal(again?.attempt, 2);
      await assert.rejects(queue.complete(q, lost), stale);
      await queue.complete(q, kept);
    });

    test('an id that never was is stale', async () => {
      const q = await fresh();
      await assert.rejects(queue.complete(q, { id: 'no-uuid', attempt: 1 }), stale);
    });

    test('it is healthy', async () => {
      assert.deepEqual(await queue.health(), { ready: true });
    });
  });
}
