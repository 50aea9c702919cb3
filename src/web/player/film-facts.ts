/** Reads what the video element and the engine say into the player's state; counts the stalls that a viewer sees. */
import type { BufferedRange, FilmState, Store } from './film-state.ts';
import type { ShakaPlayer } from './shaka-engine.ts';
import { readAudio, readQualities, readTexts } from './tracks.ts';

export type FilmFacts = {
  /** Reads what may have changed at any moment. */
  read(): void;
  /** Reads the lists of the menus. */
  readTracks(): void;
  /** Reads figures that are of interest once a second. */
  readFigures(): void;
  close(): void;
};

/** `HAVE_FUTURE_DATA`: less than this and the picture cannot move. */
const FUTURE_DATA = 3;

const MOMENTS = [
  'timeupdate',
  'durationchange',
  'progress',
  'play',
  'playing',
  'pause',
  'ended',
  'seeking',
  'seeked',
  'waiting',
  'canplay',
  'ratechange',
  'volumechange',
  'loadeddata',
] as const;

export function watchFilm(video: HTMLVideoElement, engine: ShakaPlayer, store: Store<FilmState>): FilmFacts {
  const stop = new AbortController();
  let started = false;
  /** The picture has been moving since the last start or jump: a wait from here on is a stall. */
  let steady = false;
  const read = () => {
    const { phase, fault } = store.get();
    const ready = video.readyState >= FUTURE_DATA;
    const waits = engine.isBuffering() || !ready;
    started ||= ready;
    store.set({
      phase: fault
        ? 'failed'
        : !started
          ? 'loading'
          : video.ended
            ? 'ended'
            : video.paused
              ? 'paused'
              : 'playing',
      buffering: phase !== 'failed' && !video.ended && waits && !(video.paused && started && !video.seeking),
      positionS: video.currentTime,
      durationS: Number.isFinite(video.duration) ? video.duration : store.get().durationS,
      buffered: rangesOf(video.buffered),
      bufferS: bufferAhead(video),
      volume: video.volume,
      muted: video.muted,
      // Shaka holds the picture by a rate of nought; that is not what the viewer chose.
      rate: video.playbackRate > 0 ? video.playbackRate : store.get().rate,
    });
  };
  const onMoment = ({ type }: Event) => {
    if (type === 'seeking') steady = false;
    if (type === 'timeupdate' && !video.seeking && !video.paused && video.readyState >= FUTURE_DATA)
      steady = true;
    if (type === 'waiting') countStall();
    read();
  };
  const countStall = () => {
    const nearEnd = video.currentTime > video.duration - 0.5;
    if (!steady || video.seeking || video.paused || nearEnd) return;
    steady = false;
    store.set({ stalls: store.get().stalls + 1 });
  };
  const onBuffering = () => {
    if (engine.isBuffering()) countStall();
    read();
  };
  const readTracks = () => {
    const { all, playing } = readQualities(engine);
    store.set({
      qualities: all,
      playingQuality: playing,
      audioTracks: readAudio(engine),
      textTracks: readTexts(engine),
      thumbnails: engine.getImageTracks().length > 0,
    });
  };
  const readFigures = () => {
    const stats = engine.getStats();
    const frames = video.getVideoPlaybackQuality?.();
    store.set({
      droppedFrames: frames?.droppedVideoFrames ?? 0,
      shownFrames: frames?.totalVideoFrames ?? 0,
      bandwidthBitsPerS: Math.round(stats.estimatedBandwidth || 0),
      codecs: (stats.currentCodecs || '').replaceAll(' ', ''),
    });
  };
  const TRACKS = ['trackschanged', 'adaptation', 'variantchanged', 'textchanged', 'audiotrackschanged'];
  for (const type of MOMENTS) video.addEventListener(type, onMoment, { signal: stop.signal });
  for (const type of TRACKS) engine.addEventListener(type, readTracks);
  engine.addEventListener('buffering', onBuffering);
  return {
    read,
    readTracks,
    readFigures,
    close: () => {
      stop.abort();
      for (const type of TRACKS) engine.removeEventListener(type, readTracks);
      engine.removeEventListener('buffering', onBuffering);
    },
  };
}

/** Seconds that can be played from here without another byte. */
export function bufferAhead(video: Pick<HTMLVideoElement, 'buffered' | 'currentTime'>): number {
  const here = video.currentTime;
  const range = rangesOf(video.buffered).find(({ startS, endS }) => startS <= here + 0.1 && endS > here);
  return range ? range.endS - here : 0;
}

function rangesOf(ranges: TimeRanges): BufferedRange[] {
  return Array.from({ length: ranges.length }, (_, index) => ({
    startS: ranges.start(index),
    endS: ranges.end(index),
  }));
}
