/**
 * A film goes through the real planner, encoder and packager; its manifests are then read by those who must
 * understand them: our own checks of the rules, ffmpeg, mpv, and hls.js and Shaka Player in Chromium.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { findBrowser, launchBrowser } from '../test/e2e/browser.ts';
import type { PackagedTrack } from './contracts/tasks.ts';
import { type Decoded, decodeWithFfmpeg, decodeWithMpv, hasMpv } from './decoding-programs.testing.ts';
import { type FolderServer, openFolderServer } from './folder-server.testing.ts';
import { growCopy } from './growing-copy.testing.ts';
import { type PackagedFilm, packageFilm } from './packaged-film.testing.ts';
import { FRAMES, makeMaster, SAMPLES, SECONDS } from './played-master.testing.ts';
import {
  layPlayersPage,
  PLAYER_NAMES,
  type PlayedFilm,
  playEveryRendition,
} from './players-in-chromium.testing.ts';
import { type FakeStudio, openFakeStudio } from './services/encoder/fake-studio.ts';
import { breakTrack } from './services/encoder/segment-breaks.testing.ts';
import { checkTrackFiles, readTrackFiles, SEGMENT_RULES } from './services/encoder/segment-rules.testing.ts';
import { checkDash } from './services/studio/manifests/check-dash.testing.ts';
import { checkHls } from './services/studio/manifests/check-hls.testing.ts';
import type { FilmVideo } from './services/studio/manifests/film.ts';
import { manifestOf, playlistsOf } from './services/studio/manifests/films.testing.ts';
import { assertQuickStart, playInPage, SHAKA_PAGE, windInPage } from './shaka-page.testing.ts';
import { assertSoundKept } from './sound-kept.testing.ts';

const run = promisify(execFile);
const executable = await findBrowser();

let studio: FakeStudio;
let master: string;
let packaged: PackagedFilm;
let server: FolderServer;

before(async () => {
  studio = await openFakeStudio();
  const stop = await studio.startWorker();
  try {
    master = await makeMaster(studio.folder);
    // Three chunks, of which the last is longer and ends within a segment; the low rung in every codec.
    packaged = await packageFilm(studio, master, { segmentS: 2, chunkS: 6, gopS: 2 }, (rungs) =>
      rungs.slice(0, 1).flatMap((low) => [
        { ...low, name: `${low.name}-hevc`, codec: 'hevc', crf: 30, preset: 'ultrafast' },
        { ...low, name: `${low.name}-av1`, codec: 'av1', crf: 45 },
      ]),
    );
  } finally {
    await stop();
  }
  const page = join(studio.folder, 'page');
  await mkdir(page);
  await writeFile(join(page, 'index.html'), SHAKA_PAGE);
  await copyFile(createRequire(import.meta.url).resolve('shaka-player'), join(page, 'shaka.js'));
  await layPlayersPage(join(studio.folder, 'players'));
  server = await openFolderServer({ film: packaged.folder, page, players: join(studio.folder, 'players') });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await studio?.[Symbol.asyncDispose]();
});

test('the manifests keep the rules, and what they name is there', () => {
  const { film, files } = packaged;
  assert.deepEqual(
    film.video.map(({ name }) => name),
    ['240p', '360p', '240p-hevc', '240p-av1'],
  );
  assert.deepEqual([film.audio.length, film.text.length, film.thumbnails?.sheets.count], [2, 2, 10]);
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

const tracksOf = ({ video, audio }: PackagedFilm['film']) => [
  ...[...video, ...audio].map(({ path, track }) => ({ path, track })),
  ...video.flatMap(({ path, keys }) => (keys ? [{ path, track: keys }] : [])),
];

test('every segment of every track keeps the rules of CMAF and is what the manifests say', async () => {
  for (const { path, track } of tracksOf(packaged.film)) {
    const files = await readTrackFiles(join(packaged.folder, 'p1', path), track);
    assert.deepEqual(checkTrackFiles(files, track), [], path);
  }
  const { video, audio } = packaged.film;
  const starts = ({ segments, timescale }: PackagedTrack) => {
    let ticks = 0;
    return segments.map((segment) => {
      ticks += segment.ticks;
      return (ticks - segment.ticks) / timescale;
    });
  };
  const grid = starts((video[0] as FilmVideo).track);
  for (const { track } of video) assert.deepEqual(starts(track), grid);
  // Sound is cut between packets, at the one that is nearest.
  for (const { track } of audio)
    assert.ok(starts(track).every((fromS, at) => Math.abs(fromS - (grid[at] ?? -1)) <= 1024 / 48_000));
});

test('each rule of segments notices what breaks it', async () => {
  const { path, track } = packaged.film.video[0] as FilmVideo;
  const files = await readTrackFiles(join(packaged.folder, 'p1', path), track);
  for (const rule of SEGMENT_RULES) {
    const broken = breakTrack(rule, { files, track });
    const rules = checkTrackFiles(broken.files, broken.track).map((fault) => fault.rule);
    assert.ok(rules.includes(rule), `${rule}: ${rules}`);
  }
});

/** The renditions in the order in which a manifest names them. */
function renditionsIn(entry: string): string[] {
  const text = manifestOf(packaged.film, basename(entry));
  const form = entry === packaged.hls ? /^v(.+)\.m3u8$/gm : /<Representation id="(\d+p[^"]*)"/g;
  return [...text.matchAll(form)].map(([, name]) => name as string);
}

function assertPictures({ shownAt, secondTicks, complaints }: Decoded, what: string): void {
  assert.equal(complaints, '', what);
  const frames = shownAt.map((ticks) => ((ticks / secondTicks) * 30_000) / 1001);
  assert.equal(frames.length, FRAMES, what);
  // mpv writes times in ticks that no frame rate has.
  assert.ok(
    frames.every((frame, at) => Math.abs(frame - at) < 0.03),
    `${what}: ${frames.find((frame, at) => Math.abs(frame - at) >= 0.03)}`,
  );
}

test('ffmpeg decodes every track through HLS and DASH, picture by picture, and complains about nothing', async () => {
  for (const entry of [packaged.hls, packaged.dash]) {
    const url = `${server.url}/film/${entry}`;
    const names = renditionsIn(entry);
    // The key frames alone, which DASH has besides, are another test's.
    const whole = [...names.entries()].filter(([, name]) => !name.endsWith('-keys'));
    assert.equal(whole.length, 4);
    for (const [at, name] of whole)
      assertPictures(await decodeWithFfmpeg(url, `v:${at}`), `${name} in ${entry}`);
    for (const at of packaged.film.audio.keys()) {
      const { shownAt, ticks, complaints } = await decodeWithFfmpeg(url, `a:${at}`);
      assert.equal(complaints, '');
      // The first packet primes the decoder and is not heard; the others follow each other without a gap.
      assert.deepEqual([...new Set(shownAt.map((from, i) => from - 1024 * (i - 1)))], [0]);
      assert.ok(ticks - 1024 >= SAMPLES && ticks - 2048 < SAMPLES, `${ticks} samples`);
    }
  }
});

test('the sound that is decoded is the master’s from the first sample to the last, without a shift', async () => {
  for (const [at, { id }] of packaged.film.audio.entries())
    await assertSoundKept(master, `a:${at}`, `${server.url}/film/p1/${id}.m3u8`);
});

const noMpv = (await hasMpv()) ? false : 'no mpv is installed';
test('mpv shows every rendition through HLS and DASH, picture by picture, and complains about nothing', {
  skip: noMpv,
}, async () => {
  const { film, folder, hls } = packaged;
  const file = join(studio.folder, 'mpv.framecrc');
  const master = `${server.url}/film/${hls}`;
  for (const [at, name] of renditionsIn(hls).entries())
    assertPictures(await decodeWithMpv(master, { video: at + 1 }, file), name);
  for (const at of film.audio.keys()) {
    const { shownAt, ticks, complaints } = await decodeWithMpv(master, { audio: at + 1 }, file);
    assert.equal(complaints, '');
    assert.ok(shownAt[0] === 0 && ticks >= SAMPLES, `${ticks} samples from ${shownAt[0]}`);
  }
  // mpv 0.35 now and then loses what it turns off and on again while it opens an MPD: each rendition has its own.
  for (const one of film.video) {
    const mpd = manifestOf({ ...film, video: [one], audio: [], text: [], thumbnails: null }, 'manifest.mpd');
    await writeFile(join(folder, 'p1', 'one.mpd'), mpd);
    assertPictures(await decodeWithMpv(`${server.url}/film/p1/one.mpd`, { video: 1 }, file), one.name);
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
      const seen = await playInPage(page, `${server.url}/film/${entry}`, 'ja', 16);
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
        ...{ sheet: '/film/images/1/sheet-00001.jpg', place: [480, 90, 160, 90], fromS: 16, lengthS: 2 },
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
    const seen = await playInPage(page, `${server.url}/film/${packaged.dash}`, 'en', 16, true);
    await page.close();
    assert.equal(seen.cue, 'late');
    const winding = await browser.newPage();
    await winding.goto(`${server.url}/page/index.html`);
    const { tookS, keys } = await windInPage(winding, `${server.url}/film/${packaged.dash}`, 18);
    await winding.close();
    assert.ok(tookS < 10, `17 s took ${tookS} s at eight times the speed`);
    assert.ok(keys.length >= 3, `${keys}`);
  } finally {
    await browser.close();
  }
});

function filmFor(browser: Browser, folder: string): PlayedFilm {
  return {
    ...{ browser, pageUrl: `${server.url}/players/index.html` },
    hlsUrl: `${server.url}/film/${folder}/${basename(packaged.hls)}`,
    dashUrl: `${server.url}/film/${folder}/${basename(packaged.dash)}`,
    ...{ video: packaged.film.video, frames: FRAMES, durationS: packaged.film.durationS },
    languages: packaged.film.audio.map(({ language }) => language),
    captions: { language: 'ja', cue: 'late', atS: 16 },
  };
}

/** The lowest rung and its first sound alone, as a first light is. */
async function growingFilm(browser: Browser): Promise<PlayedFilm & { whole: Promise<void> }> {
  const { whole } = await growCopy(packaged, 'growing', { first: 4, everyMs: 400 });
  const film = filmFor(browser, 'growing');
  const { video, languages, captions } = film;
  return {
    ...{ ...film, grows: true, whole, captions: { ...captions, language: '' } },
    ...{ video: video.slice(0, 1), languages: languages.slice(0, 1) },
  };
}

test('hls.js and Shaka Player play every rendition in Chromium to its end and complain about nothing', {
  ...{ skip, concurrency: 3 },
}, async (t) => {
  const browser = await launchBrowser(executable as string);
  try {
    const film = filmFor(browser, 'p1');
    await Promise.all(PLAYER_NAMES.map((name) => t.test(name, (t) => playEveryRendition(t, name, film))));
  } finally {
    await browser.close();
  }
});

test('hls.js and Shaka Player play a film that grows to its end and complain about nothing', {
  ...{ skip, concurrency: 3 },
}, async (t) => {
  const browser = await launchBrowser(executable as string);
  try {
    const film = await growingFilm(browser);
    await Promise.all(PLAYER_NAMES.map((name) => t.test(name, (t) => playEveryRendition(t, name, film))));
    await film.whole;
  } finally {
    await browser.close();
  }
});
