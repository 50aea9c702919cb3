/**
 * One playing of one film on one video element: from the press of play to the last heartbeat. It puts together
 * the session, the edges and the engine, and holds what must be decided between them: renewals, newer
 * publications, and what to do when something fails.
 */
import type { Transport } from '../../contracts/call.ts';
import type { Play } from '../../contracts/plays.ts';
import { createEdgePool } from './edge-pool.ts';
import { createEdgeRequests } from './edge-requests.ts';
import { bufferAhead, watchFilm } from './film-facts.ts';
import { describeFault, isNetworkError, wasGivenUp } from './film-fault.ts';
import type { FilmState, Store } from './film-state.ts';
import { createHeartbeats } from './heartbeats.ts';
import { registerJoiningParser } from './joining-parser.ts';
import { createMediaAddress } from './media-address.ts';
import { createPlaySession, type PlayReport } from './play-session.ts';
import { createRecovery } from './recovery.ts';
import type { Remembered } from './remembered.ts';
import { createRequestPatience } from './request-patience.ts';
import { engineConfig, type ManifestFormat, type ShakaModule, type ShakaPlayer } from './shaka-engine.ts';
import { createThumbnails, type Thumbnails } from './thumbnails.ts';
import type { Timers } from './timers.ts';
import { createUpgradeTracker, mayReload } from './upgrade.ts';

export type PlaybackDeps = {
  titleId: string;
  format: ManifestFormat;
  transport: Transport;
  loadEngine(format: ManifestFormat): Promise<ShakaModule>;
  remembered: Remembered;
  timers: Timers;
  /** Distinguishes this player from others in the page. */
  randomId(): string;
};

export type Playback = {
  engine: ShakaPlayer;
  thumbnails: Thumbnails;
  /** Goes on after a fault, at the place where it stopped. */
  retry(): Promise<void>;
  /** The page is going away, perhaps for ever. */
  pageGoes(): void;
  close(): Promise<void>;
};

/** So near to the end a film counts as seen and begins at its start. */
const SEEN_LEFT_S = 10;
const FIGURES_MS = 1000;
/** After renditions joined, this much of the poorer picture is still played before it is replaced. */
const REPLACE_AFTER_S = 8;

export async function openPlayback(
  deps: PlaybackDeps,
  video: HTMLVideoElement,
  container: HTMLElement,
  store: Store<FilmState>,
  signal: AbortSignal,
): Promise<Playback> {
  const { timers, remembered, format } = deps;
  const pool = createEdgePool(timers);
  const address = createMediaAddress();
  const session = createPlaySession({
    transport: deps.transport,
    titleId: deps.titleId,
    device: remembered.device(),
    timers,
  });
  const opening = session.open(signal);
  opening.catch(() => undefined);
  const shaka = await deps.loadEngine(format);
  shaka.polyfill.installAll();
  const engine = new shaka.Player();
  const parsers = registerJoiningParser(shaka, format, deps.randomId());
  const recovery = createRecovery();
  const thumbnails = createThumbnails(shaka, engine);
  const manifestOf = (play: Play) => play.manifests[format];
  let upgrades = createUpgradeTracker(0);
  let reloadTo: Play | undefined;
  let closed = false;

  const adopt = (play: Play) => {
    pool.rank(play.edges);
    address.adopt(manifestOf(play));
  };
  const renew = async () => {
    const play = await session.renew(pool.resting());
    adopt(play);
    return play;
  };
  const requests = createEdgeRequests({
    pool,
    address,
    patience: createRequestPatience(),
    bandwidth: () => store.get().bandwidthBitsPerS,
    renew: async () => {
      const play = await renew();
      if (upgrades.wants(play.publication)) void upgrade(play);
    },
  });

  const load = async (play: Play, positionS: number) => {
    await engine.load(manifestOf(play), positionS, parsers.mimeType);
    upgrades = createUpgradeTracker(play.publication);
    store.set({ publication: play.publication, fault: null });
    facts.readTracks();
    facts.read();
  };
  /** Loading again keeps the place, and whether the film runs. */
  const reload = async (play: Play) => {
    reloadTo = undefined;
    const runs = !video.paused || video.ended;
    const captions = store.get().textTracks.find(({ active }) => active)?.language;
    await load(play, video.currentTime);
    const text = engine.getTextTracks().find(({ language }) => language === captions);
    if (text) engine.selectTextTrack(text);
    if (runs) await video.play();
  };
  const upgrade = async (play: Play) => {
    try {
      const { way } = await parsers.join(manifestOf(play));
      if (way === 'reload') reloadTo = play;
      else showJoined(play);
      upgrades.done(play.publication);
    } catch {
      upgrades.failed(play.publication);
    }
    reloadIfUnseen();
  };
  const showJoined = (play: Play) => {
    store.set({ publication: play.publication });
    // Configuring makes the engine look at its renditions anew; the next switch may replace what is buffered.
    engine.configure({ abr: { clearBufferSwitch: true, safeMarginSwitch: REPLACE_AFTER_S } });
    facts.readTracks();
  };
  const onAdaptation = () => engine.configure('abr.clearBufferSwitch', false);
  const reloadIfUnseen = () => {
    const remainingS = video.duration - video.currentTime;
    if (!reloadTo || !mayReload({ paused: video.paused, seeking: video.seeking, remainingS })) return;
    reload(reloadTo).catch(fail);
  };

  const fail = (error: unknown) => {
    if (closed || wasGivenUp(error)) return;
    const step = recovery.next(error, bufferAhead(video));
    if (step.do === 'tell') {
      store.set({ fault: describeFault(error), phase: 'failed', buffering: false });
      heartbeats.changed();
    } else if (step.do === 'reload') {
      renew().then(reload).catch(fail);
    } else {
      timers.after(step.afterMs, () => {
        if (closed || engine.retryStreaming(0)) return;
        renew().then(reload).catch(fail);
      });
    }
  };

  const report = (): PlayReport => {
    const { phase, buffering, edge, stalls, playingQuality, bufferS } = store.get();
    const state = phase === 'loading' || (phase === 'playing' && buffering) ? 'buffering' : phase;
    return {
      positionS: Math.max(0, video.currentTime || store.get().positionS),
      state,
      bufferS: Math.max(0, bufferS),
      stalls,
      ...(edge ? { edge } : {}),
      ...(playingQuality ? { rendition: playingQuality.name } : {}),
    };
  };
  const heartbeats = createHeartbeats({
    timers,
    send: async (limit) => {
      const { bandwidthBitsPerS } = store.get();
      if (bandwidthBitsPerS > 0) remembered.keep('bandwidth', bandwidthBitsPerS);
      const newest = await session.report(report(), limit);
      if (session.renewalDue() || upgrades.wants(newest)) {
        const play = await renew();
        if (upgrades.wants(play.publication)) await upgrade(play);
      }
    },
  });

  const network = engine.getNetworkingEngine();
  network?.registerRequestFilter((_type, request) => requests.prepare(request));
  network?.registerResponseFilter((type, response) => {
    const edge = requests.succeeded(response.originalRequest, response.originalUri);
    if (!edge || type !== shaka.net.NetworkingEngine.RequestType.SEGMENT) return;
    recovery.succeeded();
    store.set({ edge: edge.name });
  });
  const onRetry = (event: Event) => {
    const { code, data } = (event as Event & { error: { code: number; data: unknown[] } }).error;
    const status = code === shaka.util.Error.Code.BAD_HTTP_STATUS ? Number(data[1]) : 0;
    requests.failed(String(data[0]), status);
  };
  network?.addEventListener('retry', onRetry);
  engine.addEventListener('error', (event) => {
    const { detail } = event as Event & { detail: unknown };
    if ((detail as { severity?: number }).severity !== shaka.util.Error.Severity.RECOVERABLE) fail(detail);
  });
  engine.addEventListener('adaptation', onAdaptation);

  const listeners = new AbortController();
  const facts = watchFilm(video, engine, store);
  for (const type of ['play', 'pause', 'seeked', 'ended', 'waiting', 'playing']) {
    video.addEventListener(type, () => heartbeats.changed(), { signal: listeners.signal });
  }
  for (const type of ['pause', 'seeking', 'timeupdate']) {
    video.addEventListener(type, reloadIfUnseen, { signal: listeners.signal });
  }
  const ticking = setInterval(() => {
    facts.readFigures();
    facts.read();
  }, FIGURES_MS);

  const close = async () => {
    if (closed) return;
    closed = true;
    clearInterval(ticking);
    listeners.abort();
    facts.close();
    heartbeats.stop();
    session.leave(report(), false);
    session.close();
    thumbnails.close();
    await engine.destroy();
    parsers.unregister();
  };
  const start = async () => {
    const play = session.play() ?? (await opening.catch(() => session.open(signal)));
    adopt(play);
    store.set({ durationS: play.durationS });
    const seen = play.positionS > play.durationS - SEEN_LEFT_S;
    heartbeats.start();
    await load(play, store.get().positionS || (seen ? 0 : play.positionS));
  };
  try {
    signal.throwIfAborted();
    engine.setVideoContainer(container);
    const audioLanguage = remembered.text('audio');
    engine.configure(engineConfig({ bandwidth: remembered.number('bandwidth'), audioLanguage }));
    await engine.attach(video);
    await opening;
    await start();
    signal.throwIfAborted();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    engine,
    thumbnails,
    retry: async () => {
      store.set({ fault: null, phase: 'loading', buffering: true });
      const play = await renew();
      if (engine.getLoadMode() === shaka.Player.LoadMode.MEDIA_SOURCE && engine.retryStreaming(0)) {
        facts.read();
        await video.play();
      } else await reload(play);
    },
    pageGoes: () => {
      heartbeats.stop();
      session.leave(report(), true);
    },
    close,
  };
}

/** Kept here so that who shows faults need not know the engine. */
export { isNetworkError };
