import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Inspection } from '../../contracts/tasks.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { FAST_X264, makeClip, printed, realClip, TEST_PICTURE, withRepeatFlags } from './test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;

before(async () => {
  studio = await openFakeStudio();
  await makeClip(...TEST_PICTURE, '-t', '4', ...FAST_X264, '-movflags', '+faststart', at('base.mp4'));
  stop = await studio.startWorker();
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

const at = (name: string) => join(studio.folder, name);

async function outcomeOf(path: string) {
  const end = await studio.run({ kind: 'inspect', master: studio.url(path), bytes: (await stat(path)).size });
  assert.ok(end.end === 'done' && end.result.kind === 'inspect', JSON.stringify(end));
  return end.result.outcome;
}

async function accepted(path: string): Promise<Inspection> {
  const outcome = await outcomeOf(path);
  assert.ok(outcome.verdict === 'accepted', JSON.stringify(outcome));
  return outcome.inspection;
}

async function assertRefused(path: string, code: string): Promise<void> {
  const outcome = await outcomeOf(path);
  assert.ok(outcome.verdict === 'refused', JSON.stringify(outcome));
  assert.equal(outcome.code, code);
  assert.match(outcome.reason, /^[A-Z].*\.$/s);
  assert.doesNotMatch(outcome.reason, /http|ffmpeg|ffprobe/);
}

/** The base clip after these arguments, under a new name. */
async function variant(name: string, ...args: string[]): Promise<string> {
  await makeClip('-i', at('base.mp4'), ...args, at(name));
  return at(name);
}

async function cut(from: string, to: string, part: number): Promise<string> {
  const bytes = await readFile(from);
  await writeFile(at(to), bytes.subarray(0, Math.floor(bytes.length * part)));
  return at(to);
}

test('an empty file is refused', async () => {
  await writeFile(at('zero.mp4'), '');
  await assertRefused(at('zero.mp4'), 'empty_file');
});

test('a text file and noise are refused as no film', async () => {
  await writeFile(at('letter.mp4'), 'Dear Sir or Madam,\n'.repeat(50));
  await assertRefused(at('letter.mp4'), 'not_media');
  const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31 + (i >> 3) * 7) & 0xff));
  await writeFile(at('noise.mp4'), noise);
  await assertRefused(at('noise.mp4'), 'not_media');
});

test('sound without pictures is refused, with cover art too', async () => {
  const sine = ['-f', 'lavfi', '-i', 'sine=d=2'];
  await makeClip(...sine, '-c:a', 'aac', at('song.m4a'));
  await assertRefused(at('song.m4a'), 'no_video');
  await makeClip('-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1', at('cover.png'));
  const art = [
    '-i',
    at('cover.png'),
    '-map',
    '0:a',
    '-map',
    '1:v',
    '-c:v',
    'copy',
    '-disposition:v',
    'attached_pic',
  ];
  await makeClip(...sine, ...art, '-c:a', 'aac', at('album.m4a'));
  await assertRefused(at('album.m4a'), 'no_video');
});

test('files that were cut off are refused, wherever their index is', async () => {
  await assertRefused(await cut(at('base.mp4'), 'cut-faststart.mp4', 0.5), 'truncated');
  const late = await variant('late-index.mp4', '-c', 'copy');
  await assertRefused(await cut(late, 'cut-late-index.mp4', 0.7), 'truncated');
  const matroska = await variant('whole.mkv', '-c', 'copy');
  await assertRefused(await cut(matroska, 'cut.mkv', 0.4), 'truncated');
});

test('a film whose pictures are all zeros is refused as undecodable', async () => {
  const bytes = await readFile(at('base.mp4'));
  bytes.fill(0, bytes.indexOf('mdat') + 4);
  await writeFile(at('hollow.mp4'), bytes);
  await assertRefused(at('hollow.mp4'), 'undecodable');
});

test('a picture of twelve pixels is refused as too small', async () => {
  await makeClip('-f', 'lavfi', '-i', 'testsrc=s=12x12:d=1', ...FAST_X264, at('tiny.mp4'));
  await assertRefused(at('tiny.mp4'), 'too_small');
});

test('a playlist, a script or a list that names other files is refused and nothing that it names is opened', async () => {
  const trap = `${studio.serverUrl}/trap`;
  const traps = {
    'playlist.mp4': `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${trap}/a.ts\n#EXTINF:2,\nfile:///etc/passwd\n`,
    'list.mp4': `ffconcat version 1.0\nfile '${at('base.mp4')}'\nfile '${trap}/b.mp4'\n`,
    'manifest.mp4': `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${trap}/</BaseURL></MPD>`,
    'session.mp4': 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n',
  };
  for (const [name, text] of Object.entries(traps)) {
    await writeFile(at(name), text);
    await assertRefused(at(name), 'not_media');
  }
  assert.deepEqual(
    studio.requested.filter((path) => path.startsWith('/trap')),
    [],
  );
});

test('a playlist hidden behind binary bytes is refused too', async () => {
  const hidden = Buffer.concat([
    Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n'),
    Buffer.from(`${studio.serverUrl}/trap/c.ts\n`),
    Buffer.from([0, 1, 2, 3, 255]),
  ]);
  await writeFile(at('hidden.mp4'), hidden);
  await assertRefused(at('hidden.mp4'), 'unsupported');
  assert.ok(!studio.requested.includes('/trap/c.ts'));
});

test('phone video stands upright', async () => {
  // ffmpeg 5 writes the display matrix from this tag; later versions want an option before the input.
  await makeClip('-i', at('base.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('phone.mp4'));
  const sideData = await printed(
    'ffprobe',
    '-v',
    'error',
    '-show_entries',
    'stream_side_data=rotation',
    at('phone.mp4'),
  );
  if (!sideData.includes('rotation')) {
    await makeClip('-display_rotation', '90', '-i', at('base.mp4'), '-c', 'copy', at('phone.mp4'));
  }
  const { video } = await accepted(at('phone.mp4'));
  assert.deepEqual([video.width, video.height, video.rotation % 180], [180, 320, 90]);
});

test('odd sizes become even', async () => {
  const { video } = await accepted(
    await variant('odd.mp4', '-vf', 'scale=161:91,format=yuv444p', '-c:v', 'libx264'),
  );
  assert.deepEqual([video.width, video.height], [160 + 2, 90]);
});

test('a variable rate is seen and brought to a usual one', async () => {
  const drop = ['-vf', "select='not(mod(n,3))+not(mod(n,7))'", '-fps_mode', 'vfr'];
  const found = await accepted(await variant('vfr.mp4', ...drop, ...FAST_X264));
  assert.equal(found.video.variableFrameRate, true);
  assert.deepEqual(found.video.frameRate, { num: 30, den: 1 });
  assert.ok(found.notes.some((note) => note.includes('variable')));
});

test('ten bits and high dynamic range are seen', async () => {
  const tags = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le'];
  const { video } = await accepted(await variant('hdr.mp4', ...x264, ...tags));
  assert.deepEqual([video.bitDepth, video.colour], [10, 'pq']);
});

test('interlaced pictures are seen, flagged or not', async () => {
  const weave = [
    '-f',
    'lavfi',
    '-i',
    'mandelbrot=size=320x180:rate=50',
    '-t',
    '3',
    '-vf',
    'tinterlace=interleave_top',
  ];
  const flags = ['-flags', '+ilme+ildct', '-x264-params', 'tff=1'];
  await makeClip(...weave, ...flags, ...FAST_X264, at('interlaced.mp4'));
  const { video } = await accepted(at('interlaced.mp4'));
  assert.deepEqual([video.interlaced, video.frameRate], [true, { num: 25, den: 1 }]);
  await makeClip(...weave, ...FAST_X264, at('combed.mp4'));
  assert.equal((await accepted(at('combed.mp4'))).video.interlaced, true);
});

test('progressive pictures are left alone, wrongly flagged or looking combed', async () => {
  const flags = ['-vf', 'setfield=tff', '-flags', '+ilme+ildct', '-x264-params', 'tff=1'];
  const smooth = ['-f', 'lavfi', '-i', 'gradients=size=320x180:rate=30:speed=0.1:seed=1', '-t', '3'];
  await makeClip(...smooth, ...flags, ...FAST_X264, at('wrongly-flagged.mp4'));
  assert.equal((await accepted(at('wrongly-flagged.mp4'))).video.interlaced, false);
  assert.equal((await accepted(at('base.mp4'))).video.interlaced, false);
});

test('3:2 pulldown is told from interlaced video', async () => {
  const source = ['-f', 'lavfi', '-i', 'mandelbrot=size=320x180:rate=24000/1001', '-t', '4'];
  const weave = ['-vf', 'telecine=pattern=23', '-flags', '+ilme+ildct', '-x264-params', 'tff=1'];
  await makeClip(...source, ...weave, ...FAST_X264, at('pulled.mp4'));
  const { video, durationS } = await accepted(at('pulled.mp4'));
  assert.deepEqual([video.cadence, video.firstField], ['telecine', 'top']);
  assert.deepEqual(video.frameRate, { num: 24000, den: 1001 });
  assert.ok(Math.abs(durationS - 4) < 0.1);
});

test('a film that only flags slow down runs at its own rate, and no frame of it is shown twice', async () => {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=24000/1001', '-t', '4'];
  await makeClip(...source, '-c:v', 'mpeg2video', '-q:v', '4', '-bf', '2', at('film.m2v'));
  await writeFile(at('soft.m2v'), withRepeatFlags(await readFile(at('film.m2v'))));
  await makeClip('-fflags', '+genpts', '-i', at('soft.m2v'), '-c', 'copy', at('soft.ts'));
  const { video, durationS, notes } = await accepted(at('soft.ts'));
  assert.deepEqual([video.cadence, video.firstField, video.interlaced], ['telecine', undefined, false]);
  assert.deepEqual(video.frameRate, { num: 24_000, den: 1001 });
  assert.equal(Math.round((durationS * 24_000) / 1001), 96);
  assert.ok(notes.some((note) => note.includes('3:2 pulldown')));
});

test('grain is told from clean pictures', async () => {
  const noisy = await variant('grain.mp4', '-vf', 'noise=alls=14:allf=t', ...FAST_X264, '-crf', '14');
  const { grain = 0 } = (await accepted(noisy)).video;
  assert.ok(grain > 3 && grain < 9, String(grain));
  assert.ok(((await accepted(at('base.mp4'))).video.grain ?? 9) < 0.5);
});

test('black bars that stay are cut off, those that go and dark scenes are not', async () => {
  const pad = ['-vf', 'crop=320:136,pad=320:180:0:22'];
  const barred = await variant('bars.mp4', ...pad, ...FAST_X264);
  const { video } = await accepted(barred);
  assert.deepEqual(video.crop, { x: 0, y: 22, width: 320, height: 136 });
  assert.deepEqual([video.width, video.height], [320, 136]);
  const go = ['-vf', "drawbox=y=0:h=22:c=black:t=fill:enable='lt(t,3)'"];
  assert.equal((await accepted(await variant('go.mp4', ...go, ...FAST_X264))).video.crop, null);
  const dark = ['-vf', 'lutyuv=y=val*0.02+16:u=128:v=128'];
  assert.equal((await accepted(await variant('dark.mp4', ...dark, ...FAST_X264))).video.crop, null);
});

test('chapters stand on the time line of the title', async () => {
  const text = ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=Two\n';
  await writeFile(at('chapters.txt'), text);
  await makeClip(
    '-i',
    at('base.mp4'),
    '-i',
    at('chapters.txt'),
    '-map_chapters',
    '1',
    '-c',
    'copy',
    at('ch.mkv'),
  );
  const { chapters } = await accepted(at('ch.mkv'));
  assert.deepEqual(
    chapters?.map(({ title, startS, endS }) => [title, startS, endS]),
    [['Two', 1, 3]],
  );
});

test('a container without a duration is measured', async () => {
  await makeClip('-i', at('base.mp4'), '-c', 'copy', '-f', 'matroska', '-live', '1', at('live.mkv'));
  assert.equal((await accepted(at('live.mkv'))).durationS, 4);
});

test('transport streams start where their clock says', async () => {
  const found = await accepted(await variant('stream.ts', '-c', 'copy'));
  assert.equal(found.durationS, 4);
  assert.ok(found.startS > 1);
});

test('tracks, languages and titles of a film are found', {
  skip: realClip('sintel-montage-1080p-multitrack.mkv').skip,
}, async () => {
  const found = await accepted(realClip('sintel-montage-1080p-multitrack.mkv').path);
  assert.equal(found.startS, 0.021);
  assert.ok(Math.abs(found.durationS - 1735 / 24) < 1e-6);
  assert.deepEqual(
    found.audio.map(({ index, language, label, channels, audioDescription }) => [
      index,
      language,
      label,
      channels,
      audioDescription,
    ]),
    [
      [1, 'und', 'Music', 2, false],
      [2, 'en', 'Audio description', 2, true],
      [3, 'de', 'Hörfilmfassung', 2, false],
      [4, 'und', 'Music 5.1', 6, false],
    ],
  );
  assert.deepEqual(
    found.text.map(({ codec, language }) => [codec, language]),
    [
      ['subrip', 'en'],
      ['subrip', 'de'],
    ],
  );
});
