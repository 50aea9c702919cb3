/**
 * Damaged masters against the worker: each is refused with a code and a sentence, or comes out as a film whose frames
 * can be decoded. None hangs, and nothing of it is left in the folder of temporary files.
 *
 * MATINEE_FUZZ_MASTERS=500 tries so many, MATINEE_FUZZ_SEED starts from the seed that a failure printed, and
 * MATINEE_FUZZ_CLIPS names a folder of masters to damage besides the two that are made here.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Inspection, TaskSpec } from '../../contracts/tasks.ts';
import { type FakeStudio, openFakeStudio, type TaskEnd } from './fake-studio.ts';
import { MUTATION_NAMES, mutate, seededRandom } from './mutations.testing.ts';
import { FAST_X264, frameSums, makeClip, printed, TEST_PICTURE } from './test-clips.ts';

const COUNT = Number(process.env.MATINEE_FUZZ_MASTERS ?? 12);
const SEED = Number(process.env.MATINEE_FUZZ_SEED ?? 1);
const CLIPS = process.env.MATINEE_FUZZ_CLIPS;
/** A master of two seconds takes a second or two; longer than this is a hang. */
const LIMIT_MS = 90_000;
const FRAMES_MAX = 48;

let studio: FakeStudio;
const masters: Array<{ name: string; bytes: Buffer }> = [];

before(async () => {
  studio = await openFakeStudio();
  const sound = ['-f', 'lavfi', '-i', 'sine=440', '-t', '2', '-c:a', 'aac'];
  for (const name of ['made.mp4', 'made.mkv']) {
    const path = join(studio.folder, name);
    await makeClip(...TEST_PICTURE, ...sound, ...FAST_X264, path);
    masters.push({ name, bytes: await readFile(path) });
  }
  for (const name of CLIPS ? await readdir(CLIPS) : [])
    masters.push({ name, bytes: await readFile(join(CLIPS as string, name)) });
});
after(() => studio?.[Symbol.asyncDispose]());

test(`${COUNT} damaged masters are refused or become films, and leave nothing behind`, async (t) => {
  const stop = await studio.startWorker('fuzzed');
  const outcomes = new Map<string, number>();
  for (let at = 0; at < COUNT; at++) {
    const seed = SEED + at;
    const outcome = await round(seed);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  assert.deepEqual(await readdir(join(studio.folder, 'scratch', 'fuzzed')), []);
  assert.equal((await printed('ps', '-eo', 'args')).includes(studio.serverUrl), false, 'no program goes on');
  await stop();
});

async function round(seed: number): Promise<string> {
  const random = seededRandom(seed);
  const master = masters[seed % masters.length] ?? assert.fail();
  const kind = MUTATION_NAMES[Math.floor(random() * MUTATION_NAMES.length)] ?? assert.fail();
  const others = masters.map(({ bytes }) => bytes);
  const bytes = mutate(kind, master.bytes, random, others);
  const path = join(studio.folder, `${seed}-${master.name}`);
  await writeFile(path, bytes);
  try {
    return await judge(path, bytes.length);
  } catch (error) {
    throw new Error(`MATINEE_FUZZ_SEED=${seed} (${kind} of ${master.name}): ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await rm(path);
  }
}

async function judge(path: string, bytes: number): Promise<string> {
  const inspected = await within(studio.run({ kind: 'inspect', master: studio.url(path), bytes }));
  if (inspected.end === 'failed')
    assert.fail(`the inspection failed: ${inspected.code}, ${inspected.message}`);
  assert.ok(inspected.result.kind === 'inspect');
  const { outcome } = inspected.result;
  if (outcome.verdict === 'refused') {
    assert.match(outcome.reason, /^[A-Z].*\.$/s, 'a sentence for the uploader');
    return `refused: ${outcome.code}`;
  }
  const task = studio.run(encodeOf(outcome.inspection, studio.url(path)));
  const encoded = await within(task);
  if (encoded.end === 'failed') {
    // Four tries later the studio refuses the film with this.
    assert.match(
      encoded.code,
      /^(program_failed|wrong_output|input_unreachable|input_unreadable|unsupported)$/,
    );
    return `given up: ${encoded.code}`;
  }
  assert.ok(encoded.result.kind === 'encode-video');
  const { frames } = encoded.result;
  const sums = await frameSums('-i', studio.output(task.task, encoded.result.file));
  assert.equal(sums.length, frames, 'every frame can be decoded');
  return 'a film';
}

function encodeOf(found: Inspection, master: string): TaskSpec {
  const { video, startS } = found;
  const { frameRate, interlaced, fullRange, colour } = video;
  const toneMap = colour === 'sdr' ? ('none' as const) : colour;
  const picture = { frameRate, startS, deinterlace: interlaced, toneMap, fullRange };
  const all = Math.max(1, Math.round((found.durationS * frameRate.num) / frameRate.den));
  const frames = Math.min(FRAMES_MAX, all);
  const rung = { name: '96p', width: 160, height: 96, crf: 30, bitsPerSMax: 300_000, preset: 'ultrafast' };
  const shape = { rung: { ...rung, codec: 'h264' as const, range: 'sdr' as const }, picture };
  const range = { firstFrame: 0, frames, gopFrames: 24, last: frames === all };
  return { kind: 'encode-video', master, streamIndex: video.index, ...shape, ...range } as TaskSpec;
}

async function within(end: Promise<TaskEnd>): Promise<TaskEnd> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  try {
    return await Promise.race([end, late]);
  } finally {
    clearTimeout(timer);
  }
}
