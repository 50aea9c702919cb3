/**
 * Workers, the planner, the store and the whole program killed at random moments of one encode, the store away for a
 * while, disks that fill up, and an encoded chunk whose bytes change in the store: the title becomes ready each time with the same decoded
 * frames as an undisturbed run, and neither a temporary file nor an open task is left.
 *
 * MATINEE_KILLS=20 kills so often, MATINEE_AWAY_S=60 takes the store away for so long, once stopped and once killed;
 * MATINEE_KILL_SEED begins with the seed that a failure printed.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { JobDetail } from '../../src/contracts/jobs.ts';
import { getJson, postJson, titleOf } from '../api.ts';
import { fill, makeRoom } from '../mounts.ts';
import { findUnit } from '../processes.ts';
import { CONTROL, type Encoding, FILMS, MEDIA, openEncoding, STORE } from './encoding.ts';

const KILLS = Number(process.env.MATINEE_KILLS ?? 2);
const SEED = Number(process.env.MATINEE_KILL_SEED ?? 1);
/** How long a disk stays full after operators were told. */
const FULL_S = process.env.MATINEE_AWAY_S ? 60 : 1;
const AWAY_S = Number(process.env.MATINEE_AWAY_S ?? 8);
/** The program takes names that begin like this for its settings, and these are none. */
const CLEARED = { MATINEE_KILLS: undefined, MATINEE_KILL_SEED: undefined, MATINEE_AWAY_S: undefined };
/** Film for each kill, so that there is work left for the last. */
const SECONDS = Math.max(38, 12 * KILLS);
const READY_MS = 240_000 + KILLS * 30_000;
const LONG_MS = 1_500_000;

let encoding: Encoding;
let undisturbed: string[];

before(async () => {
  encoding = await openEncoding({ seconds: SECONDS, env: CLEARED, readyMs: READY_MS });
  await encoding.put('undisturbed.mp4');
  undisturbed = await encoding.framesOf('undisturbed.mp4');
});
after(async () => encoding?.close());

function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const VICTIMS = ['encoder-1', 'planner', 'all', 'encoder-2', 'store'] as const;
type Victim = (typeof VICTIMS)[number];

/** All come before one comes again, in an order of their own each time. */
function victimsOf(random: () => number, count: number): Victim[] {
  const chosen: Victim[] = [];
  while (chosen.length < count) {
    const left = [...VICTIMS];
    while (left.length > 0) chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return chosen.slice(0, count);
}

async function kill(victim: Victim): Promise<void> {
  const { installation } = encoding;
  if (victim === 'all') {
    await installation.killAll();
    await installation.start();
    return;
  }
  if (victim.startsWith('encoder')) {
    // It may have been killed with all a moment ago and be on its way up.
    const pid = await findUnit(installation.pids(), `--name=${victim}`).catch(() => undefined);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    return;
  }
  // It is started again by its supervisor.
  const program = installation.pids()[victim === 'store' ? STORE : CONTROL] as number;
  process.kill(await findUnit([program], '--unit=control'), 'SIGKILL');
  await answers(victim === 'store' ? installation.door : installation.web);
}

async function answers(url: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
    const isReady = await fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
  }
  throw new Error(`${url} did not come back`);
}

test(`${KILLS} kills within one title: ready, with the same frames, and nothing left behind`, {
  timeout: LONG_MS,
}, async (t) => {
  const random = randomOf(SEED);
  const victims = victimsOf(random, KILLS);
  const moments = victims.map(() => ({ at: random() * 0.75, waitMs: Math.floor(random() * 700) }));
  moments.sort((a, b) => a.at - b.at);
  const key = `killed-${SEED}.mp4`;
  await encoding.put(key);
  let inTime = 0;
  const startedAt = performance.now();
  const tell = (text: string) =>
    t.diagnostic(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${text}`);
  for (const [place, { at, waitMs }] of moments.entries()) {
    const victim = victims[place] as Victim;
    await encoding.untilProgress(key, at);
    await sleep(waitMs);
    const { state, progress } = (await titleOf(encoding.installation.web, FILMS, key)) ?? {};
    if (state !== 'ready') inTime++;
    tell(`${victim} killed at ${progress} (${state})`);
    await kill(victim);
  }
  const what = `MATINEE_KILL_SEED=${SEED} MATINEE_KILLS=${KILLS}`;
  assert.ok(inTime >= KILLS * 0.6, `${inTime} of the kills came before the end; ${what}`);
  assert.deepEqual(await encoding.framesOf(key), undisturbed, what);
  tell(`ready, ${inTime} kills came before; ${(await encoding.jobOf(key)).job.tasks.done} tasks`);
  await encoding.nothingLeft();
});

const ways = AWAY_S < 60 ? (['killed'] as const) : (['killed', 'stopped'] as const);
for (const way of ways) {
  test(`the store ${way} for ${AWAY_S} s in the middle of an encode: ready, with the same frames`, {
    timeout: LONG_MS,
  }, async () => {
    const { installation } = encoding;
    const key = `store-${way}.mp4`;
    await encoding.put(key);
    await encoding.untilProgress(key, 0.15);
    const group = -(installation.pids()[STORE] as number);
    if (way === 'stopped') process.kill(group, 'SIGSTOP');
    else await installation.kill(STORE);
    await sleep(AWAY_S * 1000);
    if (way === 'stopped') process.kill(group, 'SIGCONT');
    else installation.startAgain(STORE);
    await answers(installation.door);
    assert.deepEqual(await encoding.framesOf(key), undisturbed);
    await encoding.nothingLeft();
  });
}

test('disks that fill up in the middle of an encode are told to operators, and work goes on when there is room', {
  timeout: LONG_MS,
}, async (t) => {
  if (encoding.noMounts !== undefined) return t.skip(encoding.noMounts);
  const key = 'full.mp4';
  await encoding.put(key);
  await encoding.untilProgress(key, 0.25);
  for (const [disk, words] of [
    ['scratch', /disk is full|temporary disk/],
    ['objects', /the store is full/],
  ] as const) {
    await fill(encoding[disk]);
    t.diagnostic(await encoding.untilTrouble(key, words));
    await sleep(FULL_S * 1000);
    const { job } = await encoding.jobOf(key);
    assert.ok(job.state === 'encoding' && job.tasks.failed === 0, JSON.stringify(job));
    await makeRoom(encoding[disk]);
  }
  assert.deepEqual(await encoding.framesOf(key), undisturbed);
  await encoding.nothingLeft();
});

test('an encoded chunk whose bytes change in the store is noticed and made again', {
  timeout: LONG_MS,
}, async () => {
  const key = 'undisturbed.mp4';
  const id = (await titleOf(encoding.installation.web, FILMS, key))?.id ?? '';
  const encodeAnew = async (): Promise<JobDetail> => {
    const { job } = await postJson<{ job: string }>(
      `${encoding.installation.web}/api/jobs`,
      { title: id },
      202,
    );
    let last: JobDetail['job'] | undefined;
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(200)) {
      const detail = await getJson<JobDetail>(`${encoding.installation.web}/api/jobs/${job}`);
      if (detail.job.state === 'ready') return detail;
      last = detail.job;
    }
    throw new Error(`${job} never became ready: ${JSON.stringify(last)}`);
  };
  // The lowest rendition was a first light and is made in chunks now; the rest is taken over.
  const first = await encodeAnew();
  assert.ok(first.job.tasks.reused > 0);
  const expected = await encoding.framesOf(key);
  const list = new ListObjectsV2Command({ Bucket: MEDIA, Prefix: `work/${id}/1/360p-0001/` });
  const chunk = (await encoding.s3.send(list)).Contents?.[0]?.Key;
  assert.ok(chunk, 'chunks are kept when a job has ended');
  await encoding.s3.send(new PutObjectCommand({ Bucket: MEDIA, Key: chunk, Body: Buffer.alloc(5000, 7) }));
  const { tasks } = await encodeAnew();
  assert.equal(tasks.find(({ name }) => name === '360p-package')?.lastFailure?.code, 'input_corrupted');
  const remade = tasks.filter(({ kind, reused }) => kind.startsWith('encode') && !reused);
  assert.deepEqual(
    remade.map(({ name }) => name),
    ['360p-0001'],
  );
  assert.deepEqual(await encoding.framesOf(key), expected);
});
