/**
 * For tests only: hls.js and Shaka Player in Chromium play every rendition of a packaged film, each pinned in turn,
 * from its first picture to its last.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openLoggedPage } from './chromium-log.testing.ts';
import {
  type PinnedPlay,
  type PinnedSeen,
  PLAYERS_PAGE,
  playWithHlsJs,
  playWithShaka,
} from './pinned-play.testing.ts';
import type { FilmVideo } from './services/studio/manifests/film.ts';

export type PlayedFilm = {
  browser: Browser;
  pageUrl: string;
  hlsUrl: string;
  dashUrl: string;
  video: readonly FilmVideo[];
  /** One is played beside each rendition, in turn, so that all are. */
  languages: readonly string[];
  /** An empty language is none. */
  captions: { language: string; cue: string; atS: number };
  grows?: boolean;
  frames: number;
  durationS: number;
};

const PLAYERS = {
  'hls.js': playWithHlsJs,
  'Shaka Player, HLS': playWithShaka,
  'Shaka Player, DASH': playWithShaka,
} as const;
export type PlayerName = keyof typeof PLAYERS;
export const PLAYER_NAMES = Object.keys(PLAYERS) as PlayerName[];

/** What players say of themselves about a film without a fault. */
function saysOfItself(name: PlayerName, codec: string): RegExp[] {
  // Of a film in several codecs Shaka Player takes the asked one, and warns of every other.
  if (name !== 'hls.js') return [/^console: Rejecting variant - not compatible with root\.$/];
  return [
    // The machine decodes too slowly for the high rate, or the film grows too slowly for it: all is in one range, and
    // every picture must be counted.
    ...[/^warn: \[gap-controller\]: Playback stalling at /, /^event: mediaError bufferStalledError false$/],
    /^warn: \[latency-controller\]: Stall detected, adjusting target latency$/,
    // hls.js 1.7.4 looks for captions in the NAL units of all pictures, also of AV1, which has none, and calls what
    // it finds there malformed. Nothing else comes of it.
    ...(codec === 'av01' ? [/^error: Malformed SEI payload\. /] : []),
  ];
}

export async function layPlayersPage(folder: string): Promise<void> {
  const { resolve } = createRequire(import.meta.url);
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), PLAYERS_PAGE);
  await copyFile(resolve('hls.js'), join(folder, 'hls.js'));
  const shaka = resolve('shaka-player/dist/shaka-player.compiled-es2021.debug.js');
  await copyFile(shaka, join(folder, 'shaka.js'));
}

export async function playEveryRendition(t: TestContext, name: PlayerName, film: PlayedFilm): Promise<void> {
  for (const [at, { name: rendition, track }] of film.video.entries()) {
    await t.test(rendition, async (t) => {
      const { page, complaints } = await openLoggedPage(film.browser, film.pageUrl);
      try {
        if (!(await decodes(page, track.codecs))) return t.skip(`Chromium does not decode ${track.codecs}`);
        const asked: PinnedPlay = {
          url: name === 'Shaka Player, DASH' ? film.dashUrl : film.hlsUrl,
          ...{ codec: track.codecs.slice(0, 4), lines: track.height as number },
          language: film.languages[at % film.languages.length] as string,
          ...{ captions: film.captions.language, cueS: film.captions.atS, grows: film.grows ?? false },
        };
        const seen = await page.evaluate(PLAYERS[name], asked);
        const ofItself = saysOfItself(name, asked.codec);
        const said = [...complaints, ...seen.said].filter(
          (line) => !ofItself.some((form) => form.test(line)),
        );
        assert.deepEqual(said, []);
        assertWhole(seen, asked, film, `${track.width}x${track.height}`);
      } finally {
        await page.close();
      }
    });
  }
}

function decodes(page: Page, codecs: string): Promise<boolean> {
  return page.evaluate((type) => MediaSource.isTypeSupported(type), `video/mp4; codecs="${codecs}"`);
}

function assertWhole(seen: PinnedSeen, asked: PinnedPlay, film: PlayedFilm, size: string): void {
  const told = JSON.stringify(seen);
  const isFilmEnd = (timeS: number) => Math.abs(timeS - film.durationS) < 0.03;
  assert.deepEqual([seen.size, seen.language], [size, asked.language], told);
  // Where a player waited for more, the picture that it stood at may be decoded once more.
  const twice = film.grows ? 10 : 0;
  assert.ok(seen.pictures >= film.frames && seen.pictures <= film.frames + twice, told);
  // One range without a gap, from the first picture to the last.
  for (const ranges of seen.buffered) {
    assert.deepEqual([ranges.length, ranges[0]?.[0]], [1, 0], told);
    assert.ok(isFilmEnd(ranges[0]?.[1] ?? 0), told);
  }
  assert.ok(isFilmEnd(seen.lengthS) && isFilmEnd(seen.endedS), told);
  for (const [at, toS] of [film.durationS - 0.2, 0, asked.cueS].entries())
    assert.ok(Math.abs((seen.seeksS[at] ?? -1) - toS) < 0.05, told);
  assert.deepEqual(seen.cues, asked.captions === '' ? [] : [film.captions.cue], told);
}
