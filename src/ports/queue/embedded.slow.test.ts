import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openTestRecords } from '../records/records.testing.ts';
import type { Records } from '../records/records.ts';
import { openPgBossQueue } from './embedded.ts';
import { queueContract } from './queue.contract.ts';

let records: Records;
before(async () => {
  records = await openTestRecords();
});
after(() => records?.close());
const open = () => openPgBossQueue({ records, clock: systemClock, log: silentLog });

queueContract('pg-boss', async () => {
  const queue = await open();
  return { ...queue, end: () => queue.close() };
});

test('what was sent is there after the queue was closed and opened again', async () => {
  const options = { leaseS: 10, triesMax: 3, retryDelayS: 0 };
  const first = await open();
  await first.declare('kept', options);
  await first.send('kept', [{ payload: { n: 1 }, key: 'k' }]);
  await first.close();
  assert.equal((await first.health()).ready, false);
  const second = await open();
  await second.declare('kept', { ...options, triesMax: 5 });
  const [job] = await second.lease('kept', { limit: 1, waitMs: 2000 });
  assert.deepEqual(job?.payload, { n: 1 });
  await second.close();
});

test('two processes that open the queue together share its jobs', async () => {
  const [a, b] = await Promise.all([open(), open()]);
  const options = { leaseS: 10, triesMax: 3, retryDelayS: 0 };
  await Promise.all([a.declare('shared', options), b.declare('shared', options)]);
  await a.send('shared', [{ payload: { n: 1 } }]);
  const [job] = await b.lease('shared', { limit: 1, waitMs: 2000 });
  assert.deepEqual(job?.payload, { n: 1 });
  await Promise.all([a.close(), b.close()]);
});
