/**
 * How long after the end of an upload a viewer sees the first frame, for masters of 10 s, 10 min and 2 h, on an idle
 * program and on one that encodes another title. The whole program runs, on free ports and a folder of its own.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { UPLOAD_BUCKET } from '../../src/names.ts';
import { presignUrl } from '../../src/platform/sigv4.ts';
import { type Installation, startInstallation } from '../../test/installation.ts';
import { type BenchOptions, type BenchResult, type BenchRow, median, row } from '../rows.ts';
import { makeMaster } from './masters.ts';
import { stepsOf, stepsText } from './steps.ts';
import { openViewer, type Viewer } from './viewers.ts';

type Work = { id: string; name: string; seconds: number; busy: boolean; rounds: number };

const WORKS: readonly Work[] = [
  { id: '10s', name: '10 s', seconds: 10, busy: false, rounds: 5 },
  { id: '10min', name: '10 min', seconds: 600, busy: false, rounds: 5 },
  { id: '2h', name: '2 h', seconds: 7200, busy: false, rounds: 3 },
  { id: 'busy', name: '10 min, while another title encodes', seconds: 600, busy: true, rounds: 3 },
];
export const FIRST_LIGHT_WORKS = WORKS.map(({ id }) => id);
const GOAL = '<= 3 s';
/** A deleted title's encoders hear of it at their next heartbeat. */
const QUIET_MS = 7000;
const TITLE_LIMIT_MS = 60_000;

export async function runFirstLight(
  options: BenchOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchResult | undefined> {
  const works = WORKS.filter(({ id, seconds }) =>
    options.only.length > 0 ? options.only.includes(id) : !options.quick || seconds <= 600,
  );
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'matinee-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const viewer = await openViewer();
  stack.defer(() => viewer.close());
  const program = await startInstallation({
    env: { MATINEE_LOG_LEVEL: 'debug', MATINEE_LOG_FORMAT: 'json' },
  });
  stack.defer(() => program.close());
  const rows: BenchRow[] = [];
  const notes = [`${viewer.what}.`];
  for (const work of works) {
    if (signal.aborted) return undefined;
    const file = await makeMaster(folder, work.seconds);
    const other = work.busy ? await busyTitle(program, folder) : undefined;
    const seconds: number[] = [];
    const steps = [];
    // The first round of a program that has just started is not like the others.
    for (let round = 0; round <= (options.quick ? 1 : work.rounds) && !signal.aborted; round++) {
      const { title, uploadEndMs, seenMs } = await playOnce(program, viewer, file, `${work.id}-${round}.mp4`);
      say(
        `${work.name}: ${((seenMs - uploadEndMs) / 1000).toFixed(2)} s${round === 0 ? ' (not counted)' : ''}`,
      );
      if (round > 0) {
        seconds.push((seenMs - uploadEndMs) / 1000);
        steps.push(stepsOf(program.output(), title, uploadEndMs, seenMs));
      }
      await remove(program, title);
    }
    if (other) await remove(program, other);
    const value = median(seconds);
    const slowest = Math.max(...seconds);
    rows.push(
      row(work.name, GOAL, {
        ours: `${seconds.length} runs, slowest ${slowest.toFixed(2)} s`,
        peer: null,
        value,
      }),
    );
    notes.push(`${work.name}: ${stepsText(steps)}`);
  }
  return { rows, notes };
}

async function playOnce(program: Installation, viewer: Viewer, file: string, key: string) {
  await upload(program, file, key);
  const uploadEndMs = Date.now();
  const title = await titleOf(program, key);
  const seenMs = await viewer.watch(program.web, title);
  return { title, uploadEndMs, seenMs };
}

async function upload({ door, credentials }: Installation, file: string, key: string): Promise<void> {
  const url = presignUrl({
    ...{ method: 'PUT', baseUrl: door, bucket: UPLOAD_BUCKET, key, expiresS: 3600 },
    ...{ credentials: await credentials(), region: 'us-east-1', date: new Date() },
  });
  const { size } = await stat(file);
  const response = await fetch(url, {
    method: 'PUT',
    body: Readable.toWeb(createReadStream(file)) as never,
    headers: { 'content-length': String(size) },
    duplex: 'half',
  } as RequestInit);
  if (!response.ok) throw new Error(`the upload ended with status ${response.status}`);
}

type Listed = { titles: Array<{ id: string; state: string; renditions: string[]; source: { key: string } }> };

async function find(program: Installation, key: string) {
  const { titles } = (await (await fetch(`${program.web}/api/titles`)).json()) as Listed;
  return titles.find(({ source }) => source.key === key);
}

async function titleOf(program: Installation, key: string): Promise<string> {
  for (const end = Date.now() + TITLE_LIMIT_MS; Date.now() < end; await sleep(10)) {
    const title = await find(program, key);
    if (title) return title.id;
  }
  throw new Error(`no title came of ${key}`);
}

/** A title whose higher renditions keep all encoders busy from now on. */
async function busyTitle(program: Installation, folder: string): Promise<string> {
  const key = 'busy.mp4';
  await upload(program, await makeMaster(folder, 600), key);
  for (const end = Date.now() + 2 * TITLE_LIMIT_MS; Date.now() < end; await sleep(200)) {
    const title = await find(program, key);
    if (title?.state === 'playable') {
      await sleep(QUIET_MS);
      return title.id;
    }
  }
  throw new Error('the other title never came to be encoded');
}

async function remove(program: Installation, title: string): Promise<void> {
  await fetch(`${program.web}/api/titles/${title}`, { method: 'DELETE' });
  await sleep(QUIET_MS);
}
