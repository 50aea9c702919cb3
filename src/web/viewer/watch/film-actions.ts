/** What a viewer can do to the film, whether by pointer, by key or by touch. */
import { chapterBy } from '../../player/chapters.ts';
import type { FilmState, Store } from '../../player/film-state.ts';
import type { KeyAction } from '../../player/keys.ts';
import type { Playback } from '../../player/playback.ts';
import type { Remembered } from '../../player/remembered.ts';
import { chooseAudio, chooseQuality, chooseText, menuTexts } from '../../player/tracks.ts';
import type { Notice } from './notices.tsx';

type Ref<T> = { readonly current: T | null };

export type FilmActions = ReturnType<typeof createFilmActions>;

export type FilmActionsDeps = {
  video: Ref<HTMLVideoElement>;
  container: Ref<HTMLElement>;
  store: Store<FilmState>;
  remembered: Remembered;
  playback(): Playback | null;
  /** Tells the viewer what a key did. */
  say(notice: Notice): void;
};

export const RATES: readonly number[] = [0.5, 0.75, 1, 1.25, 1.5, 2];
const NO_CAPTIONS = 'off';

export function createFilmActions(deps: FilmActionsDeps) {
  const { video, container, store, remembered, playback, say } = deps;
  const sayWords = (text: string) => say({ kind: 'words', text });
  const withVideo = (work: (element: HTMLVideoElement) => void) => {
    if (video.current) work(video.current);
  };
  const seekTo = (positionS: number) =>
    withVideo((element) => {
      const endS = Number.isFinite(element.duration) ? element.duration : store.get().durationS;
      element.currentTime = Math.min(Math.max(0, positionS), Math.max(0, endS - 0.1));
    });
  const setVolume = (volume: number) =>
    withVideo((element) => {
      element.volume = Math.min(1, Math.max(0, volume));
      element.muted = element.volume === 0;
      store.set({ soundForbidden: false });
      remembered.keep('volume', element.volume);
      remembered.keep('muted', element.muted ? 'yes' : 'no');
    });
  const setCaptions = (id: string | null) => {
    const open = playback();
    if (!open) return;
    const track = chooseText(open.engine, id);
    remembered.keep('captions', track?.language ?? NO_CAPTIONS);
    store.set({ textTracks: store.get().textTracks.map((each) => ({ ...each, active: each.id === id })) });
  };
  const toChapter = (step: 1 | -1) => {
    const { chapters, positionS } = store.get();
    const to = chapterBy(chapters, video.current?.currentTime ?? positionS, step);
    if (to) seekTo(to.startS);
    if (chapters.length === 0) sayWords('This film has no chapters');
    else sayWords(to?.title ?? 'This is the last chapter');
  };
  const setRate = (rate: number) =>
    withVideo((element) => {
      element.playbackRate = rate;
    });

  const actions = {
    togglePlay: () => withVideo((element) => (element.paused ? void element.play() : element.pause())),
    seekTo,
    seekBy: (seconds: number) => withVideo((element) => seekTo(element.currentTime + seconds)),
    setVolume,
    toggleMute: () =>
      withVideo((element) => {
        element.muted = !element.muted;
        if (!element.muted && element.volume === 0) element.volume = 0.5;
        store.set({ soundForbidden: false });
        remembered.keep('muted', element.muted ? 'yes' : 'no');
      }),
    setRate,
    chooseQuality: (name: string) => {
      const open = playback();
      if (!open) return;
      chooseQuality(open.engine, name);
      store.set({ quality: name });
    },
    chooseAudio: (id: string) => {
      const open = playback();
      const track = open ? chooseAudio(open.engine, id) : undefined;
      if (track) remembered.keep('audio', track.language);
    },
    setCaptions,
    toggleCaptions: () => {
      const { textTracks } = store.get();
      if (textTracks.some(({ active }) => active)) return setCaptions(null);
      const wanted = remembered.text('captions');
      const track = textTracks.find(({ language }) => language === wanted) ?? textTracks[0];
      if (track) setCaptions(track.id);
    },
    toggleFullscreen: () => {
      if (document.fullscreenElement) return void document.exitFullscreen();
      const element = video.current as (HTMLVideoElement & { webkitEnterFullscreen?(): void }) | null;
      if (container.current?.requestFullscreen)
        void container.current.requestFullscreen().catch(() => undefined);
      else element?.webkitEnterFullscreen?.();
    },
    togglePictureInPicture: () => {
      if (document.pictureInPictureElement) return void document.exitPictureInPicture();
      void video.current?.requestPictureInPicture?.().catch(() => undefined);
    },
    /** The actions of keys that are about the film; the others are the page's. */
    byKey: (action: KeyAction): boolean => {
      const { durationS, volume, rate } = store.get();
      switch (action.do) {
        case 'toggle-play':
          actions.togglePlay();
          say({ kind: video.current?.paused ? 'pause' : 'play' });
          return true;
        case 'seek-by':
          actions.seekBy(action.seconds);
          say({ kind: 'jump', seconds: action.seconds });
          return true;
        case 'seek-to':
          seekTo(durationS * action.part);
          return true;
        case 'chapter-by':
          toChapter(action.step);
          return true;
        case 'volume-by':
          setVolume(volume + action.step);
          sayWords(`Volume ${Math.round((video.current?.volume ?? 0) * 100)} %`);
          return true;
        case 'rate-by':
          setRate(nextRate(rate, action.step));
          sayWords(`Speed ${nextRate(rate, action.step)}×`);
          return true;
        case 'toggle-mute':
          actions.toggleMute();
          sayWords(video.current?.muted ? 'Sound off' : 'Sound on');
          return true;
        case 'toggle-captions':
          actions.toggleCaptions();
          sayWords(captionWords(store.get()));
          return true;
        case 'toggle-fullscreen':
          actions.toggleFullscreen();
          return true;
        case 'toggle-picture-in-picture':
          actions.togglePictureInPicture();
          return true;
        default:
          return false;
      }
    },
  };
  return actions;
}

function captionWords({ textTracks }: FilmState): string {
  if (textTracks.length === 0) return 'This film has no captions';
  const active = textTracks.find((track) => track.active);
  return active ? `Captions: ${active.name}` : 'Captions off';
}

/** The next speed of the menu above or below the present one. */
export function nextRate(rate: number, step: number): number {
  if (step > 0) return RATES.find((each) => each > rate + 0.001) ?? rate;
  return RATES.findLast((each) => each < rate - 0.001) ?? rate;
}

/**
 * Starts a film that has been loaded, as loud and with the captions that this viewer had last. Where the browser
 * allows no sound before the page was touched, the picture starts without it.
 */
export async function startFilm(
  video: HTMLVideoElement,
  playback: Playback,
  store: Store<FilmState>,
  remembered: Remembered,
): Promise<void> {
  video.volume = Math.min(1, Math.max(0, remembered.number('volume') ?? 1));
  video.muted = remembered.text('muted') === 'yes';
  const captions = remembered.text('captions');
  const track = menuTexts(playback.engine.getTextTracks()).find(({ language }) => language === captions);
  chooseText(playback.engine, track ? String(track.id) : null);
  try {
    await video.play();
  } catch (error) {
    if ((error as Error).name !== 'NotAllowedError') return;
    video.muted = true;
    store.set({ soundForbidden: true });
    // A browser that does not even allow this leaves the film paused, with the play button to press.
    await video.play().catch(() => store.set({ soundForbidden: false }));
  }
}
