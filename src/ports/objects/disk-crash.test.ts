import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { bytesAt, md5Etag, PART_BYTES, partsEtag, pattern } from './contract/expectations.ts';
import { contentOf, eventually, openIn, temporaryFolder } from './disk-folder.testing.ts';
import type { ObjectEvent, ObjectEvents, ObjectStore } from './objects.ts';

const KILLS = 5;
const WRITER = new URL('./disk-crash.testing.ts', import.meta.url).pathname;

type Written = { key: string; size: number; seed: number };

/** Lets a process write for a while, kills it, and gives what it had acknowledged. */
async function writeUntilKilled(folder: string, run: number): Promise<Written[]> {
  const args = [WRITER, folder, String(run), String(run * 100_000)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  const reading = createInterface({ input: child.stdout });
  reading.on('line', (line) => lines.push(line));
  const read = once(reading, 'close');
  await Promise.race([once(reading, 'line'), ended]);
  await systemClock.sleep(200 + Math.random() * 400);
  child.kill('SIGKILL');
  await Promise.all([ended, read]);
  assert.equal(child.signalCode, 'SIGKILL', 'the writer wrote until it was killed');
  return lines.slice(1).map((line) => JSON.parse(line) as Written);
}

function uploadEtag(body: Buffer): string {
  return partsEtag([body.subarray(0, PART_BYTES), body.subarray(PART_BYTES)]);
}

async function everyObject(store: ObjectStore): Promise<Map<string, { size: number; etag: string }>> {
  const objects = new Map<string, { size: number; etag: string }>();
  let after: string | undefined;
  do {
    const page = await store.list('films', { after });
    for (const { key, size, etag } of page.entries) objects.set(key, { size, etag });
    after = page.next;
  } while (after !== undefined);
  return objects;
}

async function everyEvent(events: ObjectEvents): Promise<ObjectEvent[]> {
  const all: ObjectEvent[] = [];
  for (let batch = await events.take(1000, 0); batch.length > 0; batch = await events.take(1000, 0)) {
    all.push(...batch);
    await events.acknowledge(batch.map(({ sequence }) => sequence));
  }
  return all;
}

test('whatever the moment of kill -9: acknowledged writes and their events are there, nothing is there in part', async (t) => {
  const folder = await temporaryFolder(t);
  const expected = new Map<string, Written>();
  for (let run = 1; run <= KILLS; run++) {
    const written = await writeUntilKilled(folder, run);
    for (const one of written) expected.set(one.key, one);

    await using store = await openIn(folder);
    const objects = await everyObject(store);
    const created = (await everyEvent(store.events)).filter((event) => event.kind === 'created');
    const newest = new Map(created.map(({ key, etag }) => [key, etag]));
    const all = new Set(created.map(({ key, etag }) => `${key} ${etag}`));
    for (const { key, size, seed } of written) {
      const body = pattern(size, seed);
      const etag = key.includes('/upload/') ? uploadEtag(body) : md5Etag(body);
      assert.ok(all.has(`${key} ${etag}`), `the event of ${key}`);
      assert.equal(objects.get(key)?.etag, newest.get(key), `${key} is as its last event says`);
      if (key.startsWith('overwritten/')) continue;
      assert.equal(objects.get(key)?.size, size, key);
      assert.ok((await bytesAt(store, 'films', key)).equals(body), key);
    }
    for (const [key, { size, etag }] of objects) {
      const bytes = await bytesAt(store, 'films', key);
      assert.equal(bytes.length, size, key);
      if (!etag.includes('-')) assert.equal(md5Etag(bytes), etag, key);
    }
    assert.ok(written.length > 0, 'the writer got to write before it was killed');
    await eventually(
      'temporary files are swept',
      async () => (await contentOf(folder)).temporary.length === 0,
    );
  }
  t.diagnostic(`${expected.size} acknowledged objects over ${KILLS} kills`);
});
