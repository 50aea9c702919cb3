/** Masters whose clocks are odd: what comes out is in sync and as long as it should be, or refused with a sentence. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspectMaster, lowestRung } from './lowest-rung.testing.ts';
import { type FakeStudio, openFakeStudio } from './services/encoder/fake-studio.ts';
import { FAST_X264, makeClip } from './services/encoder/test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;

/** White pictures and a tone for a tenth of every second, from its 0.4 on. */
const MARKED = "between(mod(t,1),0.4,0.499)'";

before(async () => {
  studio = await openFakeStudio();
  stop = await studio.startWorker();
  const picture = `testsrc2=size=160x90:rate=25,drawbox=c=white:t=fill:enable='${MARKED}`;
  const tone = `aevalsrc='0.5*sin(2*PI*1000*t)*${MARKED}:s=48000`;
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', tone, '-t', '10'];
  await makeClip(...inputs, ...FAST_X264, '-g', '25', '-c:a', 'aac', at('base.mp4'));
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

const at = (name: string) => join(studio.folder, name);

async function copied(name: string, before: string[], after: string[] = []): Promise<string> {
  await makeClip(...before, '-i', at('base.mp4'), '-c', 'copy', ...after, at(name));
  return at(name);
}

async function joined(name: string, offsetS: number): Promise<string> {
  await copied('first.ts', ['-t', '5']);
  await copied('second.ts', ['-ss', '5'], ['-output_ts_offset', String(offsetS)]);
  const parts = await Promise.all([readFile(at('first.ts')), readFile(at('second.ts'))]);
  await writeFile(at(name), Buffer.concat(parts));
  return at(name);
}

/** Every mark is there, at the right time, in pictures (to a frame) and sound. */
function assertMarks(times: readonly number[], due: readonly number[], withinS: number): void {
  assert.equal(times.length, due.length, `${times} instead of ${due}`);
  for (const [i, time] of times.entries()) {
    assert.ok(Math.abs(time - (due[i] ?? 0)) <= withinS, `${time} instead of ${due[i]}`);
  }
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => second + 0.4);

async function assertInSync(path: string, due: { frames: number; flashes: number[]; beeps?: number[] }) {
  const made = await lowestRung(studio, path);
  assert.deepEqual([made.frames, made.framesDue], [due.frames, due.frames]);
  assert.deepEqual(made.found.video.frameRate, { num: 25, den: 1 });
  assertMarks(made.flashes, due.flashes, 0.041);
  assertMarks(made.sound[0]?.beeps ?? [], due.beeps ?? due.flashes, 0.045);
  assert.ok(Math.abs((made.sound[0]?.lengthS ?? 0) - due.frames / 25) < 0.05);
  return made.found;
}

test('a transport stream whose clock wraps after 26.5 hours goes on', async () => {
  const found = await assertInSync(await copied('wrap.ts', [], ['-output_ts_offset', '95438']), {
    ...{ frames: 250, flashes: ALL },
  });
  assert.deepEqual(found.notes, []);
});

test('sound and pictures that begin apart stay in sync, and the report says so', async () => {
  const base = ['-i', at('base.mp4'), '-map', '0:v', '-map', '1:a', '-c', 'copy'];
  await makeClip('-i', at('base.mp4'), '-itsoffset', '0.6', ...base, at('late-sound.mp4'));
  const late = await assertInSync(at('late-sound.mp4'), {
    ...{ frames: 250, flashes: ALL, beeps: ALL.slice(0, 9).map((time) => time + 0.6) },
  });
  assert.ok(
    late.notes.some((note) => note.includes('begins 0.6 s after the pictures')),
    String(late.notes),
  );
  await makeClip('-itsoffset', '0.6', '-i', at('base.mp4'), ...base, at('late-pictures.mkv'));
  const early = await assertInSync(at('late-pictures.mkv'), {
    ...{ frames: 250, flashes: ALL, beeps: ALL.slice(1).map((time) => time - 0.6) },
  });
  assert.ok(
    early.notes.some((note) => note.includes('before the pictures')),
    String(early.notes),
  );
});

test('a cut inside a group of pictures is taken from where its edit list or its negative times say', async () => {
  // The cut at 2.5 s lies between two pictures.
  const due = { frames: 187, flashes: ALL.slice(3).map((time) => time - 2.5) };
  await assertInSync(await copied('edit-list.mp4', ['-ss', '2.5']), due);
});

test('a gap in a recording stands: the last picture stays, the sound is silent, both go on together', async () => {
  const found = await assertInSync(await joined('gap.ts', 8), {
    ...{ frames: 324, flashes: ALL.map((time) => (time < 5 ? time : time + 3)) },
  });
  assert.ok(
    found.notes.some((note) => note.includes('pauses for 3.0 s at 0:05')),
    String(found.notes),
  );
});

test('a clock that jumps back or far ahead is refused with the way to mend it, and that way mends it', async () => {
  for (const [name, offsetS, words] of [
    ['back.ts', 0, 'jumps back by 5.0 s at 0:05'],
    ['ahead.ts', 1000, 'jumps ahead by 995.0 s at 0:05'],
  ] as const) {
    const path = await joined(name, offsetS);
    const outcome = await inspectMaster(studio, path);
    assert.ok(outcome.verdict === 'refused', JSON.stringify(outcome));
    assert.equal(outcome.code, 'clock_jumps');
    assert.ok(outcome.reason.includes(words), outcome.reason);
    await makeClip('-i', path, '-map', '0', '-c', 'copy', at(`${name}.mkv`));
    await assertInSync(at(`${name}.mkv`), { frames: 250, flashes: ALL });
  }
});
