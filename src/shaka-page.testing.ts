/** For tests only: plays a manifest in a page of a real browser with Shaka Player and tells what it saw. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export type SeenFilm = {
  /** What the page had fetched when the first picture could be shown. */
  fetchedAtStart: string[];
  playedS: number;
  pictures: number;
  variants: string[];
  audio: string[];
  text: string[];
  images: string[];
  thumbnail: { sheet: string; place: number[]; fromS: number; lengthS: number };
  cue: string;
};

/** The page's HTML, to be served beside `shaka.js`. */
export const SHAKA_PAGE = `<!doctype html><meta charset="utf-8"><title>player</title>
<video muted width="640" height="360"></video><script src="shaka.js"></script>`;

/** Plays for a second, then turns on the caption track of that language and looks at its cue at `cueS`. */
export async function playInPage(
  page: Page,
  url: string,
  captions: string,
  cueS: number,
  imsc = false,
): Promise<SeenFilm> {
  return page.evaluate(watch, { url, captions, cueS, imsc });
}

/** Winds at eight times the speed for a moment. */
/** Before the first picture nothing is fetched but manifests and what follows the start without a gap. */
export function assertQuickStart(fetched: readonly string[]): void {
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

export async function windInPage(page: Page, url: string, toS: number): Promise<SeenWinding> {
  return page.evaluate(wind, { url, toS });
}

export type SeenWinding = { fromS: number; toS: number; tookS: number; keys: string[] };

async function wind({ url, toS }: { url: string; toS: number }): Promise<SeenWinding> {
  const { shaka } = globalThis as unknown as { shaka: { Player: new () => Player } };
  const video = document.querySelector('video') as HTMLVideoElement;
  const player = new shaka.Player();
  await player.attach(video);
  await player.load(url);
  await video.play();
  const reach = (second: number) =>
    new Promise<void>((resolve) => {
      video.addEventListener('timeupdate', () => video.currentTime >= second && resolve());
    });
  await reach(1);
  performance.clearResourceTimings();
  const [fromS, since] = [video.currentTime, performance.now()];
  player.trickPlay(8);
  await reach(toS);
  const tookS = (performance.now() - since) / 1000;
  const names = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
  const keys = names.filter((name) => name.includes('/keys-'));
  await player.unload();
  return { fromS, toS, tookS, keys };
}

type ShakaTrack = {
  height: number;
  language: string;
  codecs: string | null;
  label: string | null;
  roles: string[];
  forced: boolean;
  width: number;
  channelsCount: number;
};
type Player = {
  attach(video: HTMLVideoElement): Promise<void>;
  load(url: string): Promise<void>;
  unload(): Promise<void>;
  trickPlay(rate: number): void;
  addEventListener(type: string, listener: (event: Event & { detail: unknown }) => void): void;
  getVariantTracks(): ShakaTrack[];
  getAudioTracks(): ShakaTrack[];
  getTextTracks(): ShakaTrack[];
  getImageTracks(): ShakaTrack[];
  selectTextTrack(track: ShakaTrack): Promise<void>;
  getThumbnails(id: null, timeS: number): Promise<Record<string, number> & { uris: string[] }>;
};

/** Runs in the page, so that it can use nothing from outside of itself. */
async function watch(asked: {
  url: string;
  captions: string;
  cueS: number;
  /** The track in IMSC instead of WebVTT. */
  imsc: boolean;
}): Promise<SeenFilm> {
  const { shaka } = globalThis as unknown as { shaka: { Player: new () => Player } };
  const video = document.querySelector('video') as HTMLVideoElement;
  const player = new shaka.Player();
  const failed = new Promise<never>((_, reject) => {
    player.addEventListener('error', ({ detail }) => reject(new Error(JSON.stringify(detail))));
  });
  const until = (event: string, isSo: () => boolean) =>
    Promise.race([
      failed,
      new Promise<void>((resolve) => {
        const look = () => isSo() && resolve();
        video.addEventListener(event, look);
        look();
      }),
    ]);
  const fetched = () => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
  await player.attach(video);
  const started = new Promise<string[]>((resolve) => {
    video.addEventListener('loadeddata', () => resolve(fetched()), { once: true });
  });
  await Promise.race([failed, player.load(asked.url)]);
  const fetchedAtStart = await Promise.race([failed, started]);
  await video.play();
  await until('timeupdate', () => video.currentTime > 1);
  const playedS = video.currentTime;
  const pictures = video.getVideoPlaybackQuality().totalVideoFrames;
  const told = ({ language, label, roles }: ShakaTrack) =>
    [language, label, [...roles].sort().join('+')].join('|');
  const found = await player.getThumbnails(null, asked.cueS);
  const track = player
    .getTextTracks()
    .find(
      ({ language, codecs }) =>
        language === asked.captions && (codecs ?? '').startsWith('stpp') === asked.imsc,
    ) as ShakaTrack;
  await player.selectTextTrack(track);
  video.currentTime = asked.cueS;
  await until('timeupdate', () => video.currentTime > asked.cueS && !video.seeking);
  // The captions may still be on their way when the picture has arrived.
  video.pause();
  const active = () => [...video.textTracks].flatMap((one) => [...(one.activeCues ?? [])]);
  for (let tries = 0; active().length === 0 && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const cues = active();
  return {
    fetchedAtStart,
    playedS,
    pictures,
    variants: player.getVariantTracks().map(({ height, language }) => `${height} ${language}`),
    audio: player.getAudioTracks().map(told),
    text: player.getTextTracks().map((one) => `${told(one)}|${one.forced}`),
    images: player.getImageTracks().map(({ width, height }) => `${width}x${height}`),
    thumbnail: {
      sheet: new URL(found.uris[0] ?? '').pathname,
      place: [found.positionX, found.positionY, found.width, found.height].map(Number),
      fromS: Number(found.startTime),
      lengthS: Number(found.duration),
    },
    cue: cues.map((one) => (one as VTTCue).text).join('\n'),
  };
}
