/**
 * For tests only: one rendition of a film in a page of a real browser, from its first picture to its last, by hls.js
 * or by Shaka Player. Everything that the player complains about on the way is collected, fatal or not. The functions
 * run in the page, so that they can use nothing from outside of themselves.
 */

export type PinnedPlay = {
  url: string;
  /** What the rendition's `CODECS` begins with, and its lines. */
  codec: string;
  lines: number;
  language: string;
  captions: string;
  /** A moment at which there is a cue. */
  cueS: number;
  /** More of it comes while it is played. */
  grows: boolean;
};

export type PinnedSeen = {
  said: string[];
  /** What was in hand of the film at its end, one list for each kind of track that the player tells of. */
  buffered: Array<Array<[fromS: number, toS: number]>>;
  lengthS: number;
  endedS: number;
  pictures: number;
  size: string;
  language: string;
  cues: string[];
  /** Where the picture stood after each seek. */
  seeksS: number[];
};

/** The page's HTML, to be served beside `shaka.js` and `hls.js`. */
export const PLAYERS_PAGE = `<!doctype html><meta charset="utf-8"><title>players</title><link rel="icon" href="data:,">
<video muted width="640" height="360"></video><script src="shaka.js"></script><script src="hls.js"></script>`;

type Listener = (event: unknown, data: never) => void;
type HlsLevel = { height: number; videoCodec: string };
type HlsTrack = { lang?: string };
type HlsPlayer = {
  levels: HlsLevel[];
  loadLevel: number;
  audioTracks: HlsTrack[];
  audioTrack: number;
  subtitleTracks: HlsTrack[];
  subtitleTrack: number;
  on(event: string, listener: Listener): void;
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
  startLoad(fromS: number): void;
  destroy(): void;
};
type HlsClass = { new (config: object): HlsPlayer; Events: Record<string, string> };

export async function playWithHlsJs(asked: PinnedPlay): Promise<PinnedSeen> {
  const Hls = (globalThis as unknown as { Hls: HlsClass }).Hls;
  const video = document.querySelector('video') as HTMLVideoElement;
  const said: string[] = [];
  const says =
    (level: string) =>
    (...parts: unknown[]) =>
      said.push(`${level}: ${parts.map(String).join(' ')}`);
  const quiet = () => {};
  const player = new Hls({
    debug: { trace: quiet, debug: quiet, log: quiet, info: quiet, warn: says('warn'), error: says('error') },
    ...{ autoStartLoad: false, enableWorker: false, maxBufferLength: 600, backBufferLength: 600 },
    // A machine that is too slow for the high rate is not what is looked for; a stall for good never ends.
    detectStallWithCurrentTimeMs: 60_000,
  });
  const told: Listener = (_event, data) => {
    const { type, details, fatal } = data as { type: string; details: string; fatal: boolean };
    says('event')(type, details, fatal);
  };
  player.on(Hls.Events.ERROR as string, told);
  const parsed = new Promise((resolve) => player.on(Hls.Events.MANIFEST_PARSED as string, resolve));
  player.loadSource(asked.url);
  player.attachMedia(video);
  await parsed;
  player.loadLevel = player.levels.findIndex(
    ({ height, videoCodec }) => height === asked.lines && videoCodec.startsWith(asked.codec),
  );
  player.startLoad(0);
  const until = async (isSo: () => boolean) => {
    for (let tries = 0; !isSo() && tries < 600; tries++) await new Promise((next) => setTimeout(next, 50));
  };
  const lengthS = () => (Number.isFinite(video.duration) ? video.duration : 1e9);
  const inHand = () => {
    const { buffered } = video;
    return Array.from({ length: buffered.length }, (_, at): [number, number] => [
      buffered.start(at),
      buffered.end(at),
    ]);
  };
  const reached = () => (inHand().at(-1)?.[1] ?? 0) > lengthS() - 0.05;
  await until(() => player.audioTracks.length > 0);
  player.audioTrack = player.audioTracks.findIndex(({ lang }) => lang === asked.language);
  if (asked.captions !== '')
    player.subtitleTrack = player.subtitleTracks.findIndex(({ lang }) => lang === asked.captions);
  await until(reached);
  video.playbackRate = 16;
  await video.play();
  await until(() => video.ended);
  const endedS = video.ended ? video.currentTime : -1;
  const buffered = [inHand()];
  const pictures = video.getVideoPlaybackQuality().totalVideoFrames;
  const seeksS: number[] = [];
  for (const toS of [lengthS() - 0.2, 0, asked.cueS]) {
    video.currentTime = toS;
    await until(() => !video.seeking && video.readyState >= 2);
    seeksS.push(video.seeking ? -1 : video.currentTime);
  }
  const active = () => [...video.textTracks].flatMap((track) => [...(track.activeCues ?? [])]);
  await until(() => active().length > 0 || asked.captions === '');
  const seen: PinnedSeen = {
    ...{ said, buffered, lengthS: lengthS(), endedS, pictures, seeksS },
    size: `${video.videoWidth}x${video.videoHeight}`,
    language: player.audioTracks[player.audioTrack]?.lang ?? '',
    cues: active().map((cue) => (cue as VTTCue).text),
  };
  player.destroy();
  return seen;
}

type ShakaTrack = { active: boolean; height: number; language: string; videoCodec: string };
type ShakaText = { language: string };
type Ranges = Array<{ start: number; end: number }>;
type ShakaPlayer = {
  attach(video: HTMLVideoElement): Promise<void>;
  configure(config: object): void;
  load(url: string): Promise<void>;
  destroy(): Promise<void>;
  addEventListener(type: string, listener: (event: { detail?: unknown }) => void): void;
  getVariantTracks(): ShakaTrack[];
  selectVariantTrack(track: ShakaTrack, clear: boolean): void;
  getTextTracks(): ShakaText[];
  selectTextTrack(track: ShakaText): Promise<void>;
  getBufferedInfo(): { audio: Ranges; video: Ranges };
};
type Shaka = { Player: new () => ShakaPlayer; log: { setLevel(level: number): void } };

export async function playWithShaka(asked: PinnedPlay): Promise<PinnedSeen> {
  const { shaka } = globalThis as unknown as { shaka: Shaka };
  const video = document.querySelector('video') as HTMLVideoElement;
  const said: string[] = [];
  // The debug build writes warnings to the console, where they are collected.
  shaka.log.setLevel(2);
  const player = new shaka.Player();
  for (const type of ['error', 'stalldetected', 'gapjumped'])
    player.addEventListener(type, ({ detail }) => said.push(`${type}: ${JSON.stringify(detail)}`));
  player.configure({
    abr: { enabled: false },
    preferredVideo: [{ codec: asked.codec }],
    streaming: { bufferingGoal: 600, bufferBehind: 600, stallEnabled: false },
  });
  const until = async (isSo: () => boolean) => {
    for (let tries = 0; !isSo() && tries < 600; tries++) await new Promise((next) => setTimeout(next, 50));
  };
  await player.attach(video);
  await player.load(asked.url);
  const isAsked = (one: ShakaTrack) =>
    one.height === asked.lines && one.videoCodec.startsWith(asked.codec) && one.language === asked.language;
  const track = player.getVariantTracks().find(isAsked);
  if (!track) throw new Error(JSON.stringify(player.getVariantTracks()));
  // What grows has but one.
  if (!asked.grows) player.selectVariantTrack(track, true);
  const text = player.getTextTracks().find(({ language }) => language === asked.captions);
  if (text) await player.selectTextTrack(text);
  const inHand = () => {
    const { audio, video } = player.getBufferedInfo();
    return [video, audio].map((ranges) => ranges.map(({ start, end }): [number, number] => [start, end]));
  };
  const reached = () => inHand().every((ranges) => (ranges.at(-1)?.[1] ?? 0) > video.duration - 0.05);
  await until(() => (asked.grows || reached()) && (player.getVariantTracks().find(isAsked)?.active ?? false));
  const before = asked.grows ? 0 : video.getVideoPlaybackQuality().totalVideoFrames;
  // Again from the start, where a picture of another rendition may have been shown.
  if (!asked.grows) video.currentTime = 0;
  await until(() => !video.seeking && video.readyState >= 2);
  await video.play();
  await until(() => {
    // Shaka Player goes back to the usual speed at the end of what there is.
    video.playbackRate = 16;
    return video.ended;
  });
  const endedS = video.ended ? video.currentTime : -1;
  const buffered = inHand();
  const pictures = video.getVideoPlaybackQuality().totalVideoFrames - before;
  const seeksS: number[] = [];
  for (const toS of [video.duration - 0.2, 0, asked.cueS]) {
    video.currentTime = toS;
    await until(() => !video.seeking && video.readyState >= 2);
    seeksS.push(video.seeking ? -1 : video.currentTime);
  }
  const active = () => [...video.textTracks].flatMap((track) => [...(track.activeCues ?? [])]);
  await until(() => active().length > 0 || asked.captions === '');
  const seen: PinnedSeen = {
    ...{ said, buffered, lengthS: video.duration, endedS, pictures, seeksS },
    size: `${video.videoWidth}x${video.videoHeight}`,
    language: player.getVariantTracks().find(({ active }) => active)?.language ?? '',
    cues: active().map((cue) => (cue as VTTCue).text),
  };
  await player.destroy();
  return seen;
}
