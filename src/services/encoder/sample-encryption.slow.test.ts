/**
 * Tracks are packaged in clear and encrypted; what an independent reader decrypts must be the clear media, byte for
 * byte. The packager encrypts pictures and whole tracks of sound, our own code the sound of the first light.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SampleKey } from '../../contracts/content-keys.ts';
import type { PackagedTrack, TaskSpec } from '../../contracts/tasks.ts';
import { aacInit, aacSegment } from './aac-segments.ts';
import { decryptMedia, readTenc } from './decrypt.testing.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { boxes, readMovie } from './mp4-boxes.ts';
import { encryptPacket } from './sample-encryption.ts';
import { FAST_X264, makeClip, TEST_PICTURE } from './test-clips.ts';

const KEY: SampleKey = {
  keyId: '00112233445566778899aabbccddeeff',
  iv: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  key: 'ffeeddccbbaa99887766554433221100',
};
let studio: FakeStudio;
let stopWorker: () => Promise<void>;
before(async () => {
  studio = await openFakeStudio();
  stopWorker = await studio.startWorker();
});
after(async () => {
  await stopWorker?.();
  await studio?.[Symbol.asyncDispose]();
});

async function packaged(file: string, media: 'video' | 'audio', encryption?: SampleKey) {
  const spec: TaskSpec = { kind: 'package', inputs: [studio.url(file)], media, segmentS: 2 };
  const running = studio.run(encryption ? { ...spec, encryption } : spec);
  const end = await running;
  assert.ok(end.end === 'done' && end.result.kind === 'package', JSON.stringify(end));
  const { track } = end.result;
  const read = (name: string) => readFile(studio.output(running.task, name));
  return { track, init: await read(track.init), segments: await Promise.all(namesOf(track).map(read)) };
}
const namesOf = (track: PackagedTrack) => track.segments.map(({ name }) => name);
const mediaOf = (segment: Buffer) =>
  boxes(segment).find(({ type }) => type === 'mdat')?.body ?? Buffer.alloc(0);

test('what is packaged with a key decrypts to what is packaged without, and says which key it takes', async () => {
  const video = join(studio.folder, 'v.mp4');
  const audio = join(studio.folder, 'a.mp4');
  await makeClip(...TEST_PICTURE, '-t', '5', ...FAST_X264, '-g', '60', '-bf', '2', video);
  await makeClip('-f', 'lavfi', '-i', 'anoisesrc=d=5:r=48000', '-ac', '2', '-c:a', 'aac', audio);
  for (const [file, media] of [
    [video, 'video'],
    [audio, 'audio'],
  ] as const) {
    const clear = await packaged(file, media);
    const locked = await packaged(file, media, KEY);
    const { protection, ...told } = locked.track;
    assert.deepEqual(protection, { scheme: 'cbcs', keyId: KEY.keyId });
    assert.deepEqual([told.codecs, told.timescale], [clear.track.codecs, clear.track.timescale]);
    assert.deepEqual(
      told.segments.map(({ ticks }) => ticks),
      clear.track.segments.map(({ ticks }) => ticks),
    );
    const tenc = readTenc(locked.init);
    assert.ok(tenc);
    assert.deepEqual([tenc.keyId, tenc.iv], [KEY.keyId, KEY.iv]);
    assert.deepEqual([tenc.crypt, tenc.skip], media === 'video' ? [1, 9] : [0, 0]);
    for (const [at, segment] of locked.segments.entries()) {
      const plain = mediaOf(clear.segments[at] as Buffer);
      assert.ok(!mediaOf(segment).equals(plain), 'it is encrypted from the first segment on');
      assert.ok(decryptMedia(segment, tenc, KEY.key).equals(plain), `${media} segment ${at}`);
    }
  }
});

test('the key is in no file of the task that stays, and in no result', async () => {
  const file = join(studio.folder, 'k.mp4');
  await makeClip('-f', 'lavfi', '-i', 'anoisesrc=d=3:r=48000', '-ac', '2', '-c:a', 'aac', file);
  const { track, init, segments } = await packaged(file, 'audio', KEY);
  const all = Buffer.concat([init, ...segments, Buffer.from(JSON.stringify(track))]);
  assert.equal(all.includes(Buffer.from(KEY.key, 'hex')), false);
  assert.equal(all.toString('latin1').includes(KEY.key), false);
  const left = await readdir(studio.folder, { recursive: true });
  assert.deepEqual(
    left.filter((name) => name.endsWith('.flags')),
    [],
  );
});

test('the sound of the first light is encrypted as the packager does it', () => {
  const packets = [40, 16, 7, 333].map((size, n) => Buffer.alloc(size, n + 1));
  const stream = { config: Buffer.from([0x11, 0x90]), channels: 2, sampleRate: 48_000 };
  const init = aacInit(stream, KEY);
  const movie = readMovie(init);
  assert.deepEqual(movie.protection, { scheme: 'cbcs', keyId: KEY.keyId });
  assert.deepEqual([movie.codecs, movie.audio], ['mp4a.40.2', { channels: 2, sampleRate: 48_000 }]);
  const tenc = readTenc(init);
  assert.ok(tenc && boxes(init).some(({ body }) => body.includes('pssh')));
  const segment = aacSegment(
    packets.map((packet) => encryptPacket(packet, KEY)),
    0,
    1,
  );
  assert.ok(decryptMedia(segment, tenc, KEY.key).equals(Buffer.concat(packets)));
  assert.equal(readMovie(aacInit(stream)).protection, undefined);
});
