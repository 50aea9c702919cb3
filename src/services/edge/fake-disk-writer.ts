/** For tests only: a process that writes to a disk tier until it is killed, and tells when it is well under way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { DiskTier } from './disk-tier.ts';
import { bytesOf } from './edge.testing.ts';
import { readMeta } from './stored-object.ts';

const limits = { bytesMax: 100_000_000, readMs: 1000, restMs: 1000, queueBytesMax: 100_000_000 };
const tier = new DiskTier(
  { clock: systemClock, log: silentLog },
  { folder: process.argv[2] as string, ...limits, readsMax: 4, readsWaitingMax: 10 },
);
tier.start();
const meta = readMeta({ etag: '"e"' }, 50_000, false, 1000);
for (let i = 0; i < 400; i++) tier.put(`k${i}`, meta, bytesOf(50_000, i + 1));
while (tier.size < 20) await sleep(1);
process.stdout.write('under way\n');
await tier.close();
// The kill comes from outside; a writer that is done early waits for it.
await sleep(10_000);
