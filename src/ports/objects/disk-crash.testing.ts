/**
 * For tests only: a process that writes objects until it is killed. It prints a line for each write that was
 * acknowledged, so that the parent knows what must be there afterwards. Arguments: folder, run, seed.
 */
import { systemClock } from '../../platform/clock.ts';
import { createLog } from '../../platform/log.ts';
import { PART_BYTES, pattern, streamed } from './contract/expectations.ts';
import { openDiskObjects } from './embedded.ts';

const [folder = '', run = '0', seedText = '0'] = process.argv.slice(2);
const seed = Number(seedText);
const log = createLog({ level: 'warn', format: 'text', write: (line) => process.stderr.write(line) });
const store = await openDiskObjects({ folder, clock: systemClock, log });
if (!(await store.headBucket('films'))) await store.createBucket('films');

const acknowledged = (key: string, size: number, bodySeed: number) =>
  process.stdout.write(`${JSON.stringify({ key, size, seed: bodySeed })}\n`);

async function puts(lane: number): Promise<void> {
  for (let i = 0; ; i++) {
    const bodySeed = seed + lane * 1000 + i;
    const size = [500, 9000, 200_000, 1_500_000][i % 4] as number;
    const key = i % 5 === 4 ? `overwritten/${lane}` : `run-${run}/${lane}/${i}`;
    await store.put('films', key, streamed(pattern(size, bodySeed), 65_536));
    acknowledged(key, size, bodySeed);
  }
}

async function uploads(): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `run-${run}/upload/${i}`;
    const { uploadId } = await store.createUpload('films', key);
    const upload = { bucket: 'films', key, uploadId };
    const body = pattern(PART_BYTES + 1000, seed + i);
    const last = await store.putPart(upload, 2, body.subarray(PART_BYTES));
    const first = await store.putPart(upload, 1, body.subarray(0, PART_BYTES));
    await store.completeUpload(upload, [first, last]);
    acknowledged(key, body.length, seed + i);
  }
}

process.stdout.write('ready\n');
await Promise.all([puts(1), puts(2), puts(3), uploads()]);
