/**
 * A film goes through the real planner, encoder and packager; its manifests are then read by those who must
 * understand them: our own checks of the rules, ffprobe, and Shaka Player in Chromium.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { findBrowser, launchBrowser } from '../test/e2e/browser.ts';
import { type FolderServer, openFolderServer } from './folder-server.testing.ts';
import { type PackagedFilm, packageFilm } from './packaged-film.testing.ts';
import { type FakeStudio, openFakeStudio } from './services/encoder/fake-studio.ts';
import { makeClip } from './services/encoder/test-clips.ts';
import { checkDash } from './services/studio/manifests/check-dash.testing.ts';
import { checkHls } from './services/studio/manifests/check-hls.testing.ts';
import { manifestOf, playlistsOf } from './services/studio/manifests/films.testing.ts';
import { playInPage, SHAKA_PAGE, windInPage } from './shaka-page.testing.ts';

const run = promisify(execFile);
const executable = await findBrowser();
const SECONDS = 40;
/** At 29.97 frames a second nothing is a round number. */
const FRAMES = 1199;

let studio: FakeStudio;
let packaged: PackagedFilm;
let server: FolderServer;

before(async () => {
  studio = await openFakeStudio();
  const stop = await studio.startWorker();
  try {
    packaged = await packageFilm(studio, await makeMaster(studio.folder), {
      segmentS: 2,
      chunkS: 24,
      gopS: 2,
    });
  } finally {
    await stop();
  }
  const page = join(studio.folder, 'page');
  await mkdir(page);
  await writeFile(join(page, 'index.html'), SHAKA_PAGE);
  await copyFile(createRequire(import.meta.url).resolve('shaka-player'), join(page, 'shaka.js'));
  server = await openFolderServer({ film: packaged.folder, page });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await studio?.[Symbol.asyncDispose]();
});

/** Two rungs of pictures, two languages of sound, two of captions with labels that need care. */
async function makeMaster(folder: string): Promise<string> {
  const cues = '1\n00:00:01,000 --> 00:00:03,000\nfirst\n\n2\n00:00:30,000 --> 00:00:35,000\nlate\n';
  const captions = join(folder, 'captions.srt');
  await writeFile(captions, cues);
  const path = join(folder, 'master.mkv');
  const tag = (stream: string, language: string, title: string) => [
    ...[`-metadata:s:${stream}`, `language=${language}`, `-metadata:s:${stream}`, `title=${title}`],
  ];
  await makeClip(
    ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=30000/1001:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=330:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=550:duration=${SECONDS}`],
    ...['-i', captions, '-map', '0', '-map', '1', '-map', '2', '-map', '3', '-map', '3'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60', '-c:a', 'aac', '-c:s', 'srt'],
    ...[...tag('a:0', 'eng', 'English "stereo"'), ...tag('a:1', 'deu', 'Deutsch')],
    ...[
      ...tag('s:0', 'jpn', '字幕 <&>'),
      ...tag('s:1', 'eng', 'English'),
      '-disposition:s:1',
      'hearing_impaired',
    ],
    path,
  );
  return path;
}

test('the manifests keep the rules, and what they name is there', () => {
  const { film, files } = packaged;
  assert.deepEqual(
    film.video.map(({ name }) => name),
    ['240p', '360p'],
  );
  assert.deepEqual([film.audio.length, film.text.length, film.thumbnails?.sheets.count], [2, 2, 21]);
  assert.deepEqual(checkHls(playlistsOf(film), 'master.m3u8', files), []);
  assert.deepEqual(checkDash(manifestOf(film, 'manifest.mpd'), files), []);
});

test('sheets of thumbnails take less than is promised for them', () => {
  const promised = Number(
    /thumbnails-1" bandwidth="(\d+)"/.exec(manifestOf(packaged.film, 'manifest.mpd'))?.[1],
  );
  const bytes = packaged.files.get('../images/1/sheet-00001.jpg') ?? Number.NaN;
  assert.ok((bytes * 8) / SECONDS < promised, `${bytes} bytes, ${promised} bit/s`);
});

type Stream = { codec_type: string; width?: number; start_time: string; nb_read_frames: string };

/** The streams of one kind; others are not read, since ffmpeg's DASH reader ends with the stream that ends first. */
async function probe(url: string, kind: string): Promise<{ streams: Stream[]; said: string }> {
  const show = 'stream=codec_type,width,start_time,nb_read_frames';
  const args = [
    '-v',
    'warning',
    '-count_frames',
    '-select_streams',
    kind,
    '-show_entries',
    show,
    '-of',
    'json',
  ];
  const { stdout, stderr } = await run('ffprobe', [...args, url], { timeout: 60_000 });
  return { streams: (JSON.parse(stdout) as { streams: Stream[] }).streams, said: stderr };
}

test('ffprobe reads every frame of every rendition through HLS and DASH and complains about nothing', async () => {
  for (const entry of [packaged.hls, packaged.dash]) {
    const url = `${server.url}/film/${entry}`;
    const { streams, said } = await probe(url, 'v');
    assert.deepEqual(
      streams.map(({ width, start_time, nb_read_frames }) => [
        width,
        Number(start_time),
        Number(nb_read_frames),
      ]),
      // HLS begins with the moderate picture; DASH has its key frames besides, the last one twice.
      entry === packaged.hls
        ? [640, 426].map((width) => [width, 0, FRAMES])
        : [...[426, 640].map((width) => [width, 0, FRAMES]), [640, 0, 21]],
      entry,
    );
    const sound = await probe(url, 'a');
    assert.equal(sound.streams.length, 2, entry);
    for (const { start_time, nb_read_frames } of sound.streams) {
      // The first packet primes the decoder and is not heard.
      assert.ok(Math.abs(Number(start_time) + 1024 / 48_000) < 1e-4, start_time);
      assert.equal(Number(nb_read_frames), Math.ceil((((FRAMES * 1001) / 30_000) * 48_000) / 1024) + 1);
    }
    // ffmpeg's HLS reader knows no captions, and its DASH reader no IMSC; both say so.
    const complaints = [said, sound.said]
      .join('')
      .replaceAll(/^.*Can't support the subtitle\(uri: t\d\.m3u8\)\n/gm, '')
      .replaceAll(/^Unsupported codec with id 0 for input stream \d\n/gm, '');
    assert.equal(complaints, '', entry);
  }
});

/** Each range by itself, as players fetch them: the rest of the segment is not there. */
test('every range in the lists of key frames decodes to one picture behind the init segment', async () => {
  const p1 = join(packaged.folder, 'p1');
  for (const { path, track } of packaged.film.video) {
    const init = await readFile(join(p1, path, track.init));
    for (const { name, bytes, keyBytes = 0 } of [track.segments[0], track.segments.at(-1)].flatMap(
      (one) => one ?? [],
    )) {
      assert.ok(keyBytes > 0 && keyBytes < bytes, `${keyBytes} of ${bytes}`);
      const segment = await readFile(join(p1, path, name));
      const firstOf = async (media: Buffer) => {
        const file = join(studio.folder, 'one-key.mp4');
        await writeFile(file, Buffer.concat([init, media]));
        const args = ['-v', 'error', '-i', file, '-frames:v', '1', '-f', 'md5', '-'];
        return (await run('ffmpeg', args, { timeout: 20_000 })).stdout;
      };
      assert.equal(await firstOf(segment.subarray(0, keyBytes)), await firstOf(segment));
    }
  }
});

const skip = executable ? false : 'no Chromium is installed';
test('Shaka Player plays both in Chromium and finds languages, captions and thumbnails', {
  skip,
}, async () => {
  const browser: Browser = await launchBrowser(executable as string);
  try {
    for (const entry of [packaged.hls, packaged.dash]) {
      const page = await browser.newPage();
      await page.goto(`${server.url}/page/index.html`);
      const seen = await playInPage(page, `${server.url}/film/${entry}`, 'ja', 31);
      await page.close();
      assert.ok(seen.playedS > 1 && seen.pictures >= 29, JSON.stringify(seen));
      const hls = entry === packaged.hls;
      const deaf = [
        'public.accessibility.describes-music-and-sound',
        'public.accessibility.transcribes-spoken-dialog',
      ];
      assert.deepEqual(seen.variants.sort(), ['240 de', '240 en', '360 de', '360 en']);
      assert.deepEqual(
        seen.audio,
        hls ? ['en|English ”stereo”|', 'de|Deutsch|'] : ['en|English "stereo"|main', 'de|Deutsch|alternate'],
      );
      const texts = ['ja|字幕 <&>|subtitle|false', `en|English|${hls ? deaf.join('+') : 'caption'}|false`];
      // DASH has each in two forms: WebVTT and IMSC.
      assert.deepEqual(seen.text.sort(), (hls ? texts : [...texts, ...texts]).sort());
      assert.deepEqual(seen.images, ['160x90']);
      assert.deepEqual(seen.thumbnail, {
        ...{ sheet: '/film/images/1/sheet-00001.jpg', place: [0, 270, 160, 90], fromS: 30, lengthS: 2 },
      });
      assert.equal(seen.cue, 'late');
      assertQuickStart(seen.fetchedAtStart);
    }
  } finally {
    await browser.close();
  }
});

test('Shaka Player reads the IMSC captions in Chromium, and winds over key frames alone', {
  skip,
}, async () => {
  const browser: Browser = await launchBrowser(executable as string);
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/page/index.html`);
    const seen = await playInPage(page, `${server.url}/film/${packaged.dash}`, 'en', 31, true);
    await page.close();
    assert.equal(seen.cue, 'late');
    const winding = await browser.newPage();
    await winding.goto(`${server.url}/page/index.html`);
    const { tookS, keys } = await windInPage(winding, `${server.url}/film/${packaged.dash}`);
    await winding.close();
    assert.ok(tookS < 10, `29 s took ${tookS} s at eight times the speed`);
    assert.ok(keys.length >= 10, `${keys}`);
  } finally {
    await browser.close();
  }
});

/** Before the first picture nothing is fetched but manifests and what follows the start without a gap. */
function assertQuickStart(fetched: readonly string[]): void {
  const segments = fetched.filter((path) => path.endsWith('.m4s'));
  const folders = new Set(segments.map((path) => path.slice(0, path.lastIndexOf('/'))));
  assert.deepEqual([...folders].sort(), ['/film/360p/1', '/film/a1/1']);
  for (const folder of folders) {
    const numbers = segments
      .filter((path) => path.startsWith(folder))
      .map((path) => Number(path.slice(-9, -4)));
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
      `${numbers} of ${folder}`,
    );
    // The player keeps 10 s in hand.
    assert.ok(numbers.length <= 6, `${numbers} of ${folder}`);
  }
  const others = fetched.filter((path) => /\.(vtt|jpg)$/.test(path));
  assert.deepEqual(others, [], 'neither captions nor sheets are needed to start');
}
