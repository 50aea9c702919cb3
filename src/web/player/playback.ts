/**
 * One playing of one film on one video element: from the press of play to the last heartbeat. It puts together
 * the session, the edges and the engine; what each of them decides is in their own files.
 */
import type { Transport } from '../../contracts/call.ts';
import type { Play } from '../../contracts/plays.ts';
import { readChapters } from './chapters.ts';
import { createEdgePool } from './edge-pool.ts';
import { readFromEdges } from './edge-read.ts';
import { createEdgeRequests } from './edge-requests.ts';
import { routeLicences, routeThroughEdges, watchFaults } from './engine-network.ts';
import { bufferAhead, watchFilm } from './film-facts.ts';
import { describeFault, wasGivenUp } from './film-fault.ts';
import type { FilmState, Store } from './film-state.ts';
import { createGrowingFilm } from './growing-film.ts';
import { createHeartbeats } from './heartbeats.ts';
import { registerJoiningParser } from './joining-parser.ts';
import { createMediaAddress } from './media-address.ts';
import { reportOf } from './play-report.ts';
import { createPlaySession } from './play-session.ts';
import { createPublications } from './publications.ts';
import { createRecovery } from './recovery.ts';
import type { Remembered } from './remembered.ts';
import { createRequestPatience } from './request-patience.ts';
import { engineConfig, type ManifestFormat, type ShakaModule, type ShakaPlayer } from './shaka-engine.ts';
import { createThumbnails, type Thumbnails } from './thumbnails.ts';
import type { Timers } from './timers.ts';
import { chooseQuality, sameText } from './tracks.ts';

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
  /** The page is back as it was left. */
  pageReturns(): void;
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
  const { titleId, transport, timers, remembered, format } = deps;
  const session = createPlaySession({ transport, titleId, device: remembered.device(), timers });
  // The session opens while the engine is on its way; a failure is seen where it is waited for.
  const opening = session.open(signal);
  opening.catch(() => undefined);
  const shaka = await deps.loadEngine(format);
  shaka.polyfill.installAll();
  const engine = new shaka.Player();
  const facts = watchFilm(video, engine, store);
  const parsers = registerJoiningParser(shaka, format, deps.randomId());
  const thumbnails = createThumbnails(shaka, engine);
  const recovery = createRecovery(timers);
  const pool = createEdgePool(timers);
  const address = createMediaAddress();
  let closed = false;
  let chaptersKey: string | null = null;

  const manifestOf = (play: Play) => (play.growing ?? play.manifests)[format];
  const growing = createGrowingFilm({
    timers,
    read: (key) => readFromEdges(pool, address, key),
    hurry: (positionS) => session.hurry(positionS),
    onGrown: () => recovery.begin(),
    // Another publication takes its place, or the server says why there is none.
    onEnded: () => void renew().then(reload).catch(fail),
  });
  const adopt = (play: Play): Play => {
    pool.rank(play.edges);
    address.adopt(manifestOf(play));
    void takeChapters(play);
    return play;
  };
  /** A film can be watched without them, so one that cannot be had now is tried with the next play. */
  const takeChapters = async ({ chapters }: Play) => {
    const key = chapters === undefined ? null : address.key(chapters);
    if (key === null || key === chaptersKey) return;
    const found = await readFromEdges(pool, address, key).catch(() => undefined);
    if (found === undefined || closed) return;
    chaptersKey = key;
    store.set({ chapters: readChapters(found) });
  };
  const renew = async () => adopt(await session.renew(pool.resting()));
  const load = async (play: Play, positionS: number) => {
    growing.follow(play.growing && address.key(play.growing.extent));
    askLicences(play.licences);
    await engine.load(manifestOf(play), positionS, parsers.mimeType);
    publications.loaded(play);
    store.set({ publication: play.publication, fault: null });
    if (store.get().quality !== 'auto') chooseQuality(engine, store.get().quality);
    facts.readTracks();
    facts.read();
  };
  /** Loading again keeps the place, the captions, and whether the film runs. */
  const reload = async (play: Play) => {
    const runs = !video.paused || video.ended;
    const captions = engine.getTextTracks().find(({ active }) => active);
    await load(play, store.get().positionS);
    const track = sameText(engine, captions);
    if (track) engine.selectTextTrack(track);
    if (runs) await video.play();
  };
  const publications = createPublications({
    join: (play, present) =>
      parsers.join(manifestOf(play), { presentS: present.durationS, nextS: play.durationS }),
    reload,
    moment: () => ({
      paused: video.paused,
      seeking: video.seeking,
      remainingS: video.duration - video.currentTime,
    }),
    onJoined: (play) => {
      store.set({ publication: play.publication });
      // Configuring makes the engine look at its renditions anew; the next switch may replace what is buffered.
      engine.configure({ abr: { clearBufferSwitch: true, safeMarginSwitch: REPLACE_AFTER_S } });
      facts.readTracks();
    },
    onReloadFailed: (error) => fail(error),
  });
  const tell = (error: unknown) => {
    store.set({ fault: describeFault(error), phase: 'failed', buffering: false });
    heartbeats.changed();
  };
  const fail = (error: unknown) => {
    if (closed || wasGivenUp(error)) return;
    const step = recovery.next(error, bufferAhead(video));
    if (step.do === 'tell') tell(error);
    else if (step.do === 'reload') renew().then(reload).catch(fail);
    else {
      timers.after(step.afterMs, () => {
        if (!closed && !engine.retryStreaming(0)) renew().then(reload).catch(fail);
      });
    }
  };
  const heartbeats = createHeartbeats({
    timers,
    send: async (limit) => {
      facts.read();
      const state = store.get();
      if (state.bandwidthBitsPerS > 0) remembered.keep('bandwidth', state.bandwidthBitsPerS);
      const newest = await session.report(reportOf(state), limit);
      if (session.renewalDue() || publications.wants(newest)) await publications.offer(await renew());
    },
  });

  const requests = createEdgeRequests({
    pool,
    address,
    patience: createRequestPatience(),
    bandwidth: () => store.get().bandwidthBitsPerS,
    gate: growing.gate,
    renew: async () => {
      // Joining makes requests of its own, which must not wait for this one.
      void publications.offer(await renew());
    },
  });
  const askLicences = routeLicences(shaka, engine);
  routeThroughEdges(shaka, engine, requests, (edge) => {
    recovery.begin();
    // What was told may have come right by itself, since the engine goes on trying.
    store.set({ edge, fault: null });
  });
  watchFaults(shaka, engine, fail);
  // What was replaced once after a join is from then on played out, as usual.
  engine.addEventListener('adaptation', () => engine.configure('abr.clearBufferSwitch', false));
  const stopListening = new AbortController();
  const listen = (types: readonly string[], listener: () => void) => {
    for (const type of types) video.addEventListener(type, listener, { signal: stopListening.signal });
  };
  listen(['play', 'pause', 'seeked', 'ended', 'waiting', 'playing'], () => heartbeats.changed());
  listen(['pause', 'seeking', 'timeupdate'], () => publications.moved());
  listen(['seeking'], () => growing.release());
  let stopTicking = () => {};
  const tick = () => {
    facts.readFigures();
    facts.read();
    const { buffering, fault } = store.get();
    const late = recovery.waiting(buffering || fault !== null);
    if (late && !fault) tell(late);
    stopTicking = timers.after(FIGURES_MS, tick);
  };

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= release();
    return closing;
  };
  const release = async () => {
    closed = true;
    stopTicking();
    stopListening.abort();
    facts.close();
    growing.close();
    heartbeats.stop();
    session.leave(reportOf(store.get()), false);
    session.close();
    thumbnails.close();
    await engine.destroy();
    parsers.unregister();
  };
  // Whoever goes away while the film is still loading does not wait for that.
  signal.addEventListener('abort', () => void close(), { once: true });
  try {
    signal.throwIfAborted();
    const bandwidth = remembered.number('bandwidth');
    engine.configure(engineConfig({ bandwidth, audioLanguage: remembered.text('audio') }));
    engine.setVideoContainer(container);
    const [play] = await Promise.all([opening, engine.attach(video)]);
    store.set({ durationS: play.durationS });
    const seen = play.positionS > play.durationS - SEEN_LEFT_S;
    await load(adopt(play), store.get().positionS || (seen ? 0 : play.positionS));
    signal.throwIfAborted();
  } catch (error) {
    await close();
    throw error;
  }
  heartbeats.start();
  tick();
  return {
    engine,
    thumbnails,
    retry: async () => {
      recovery.begin();
      store.set({ fault: null, phase: 'loading', buffering: true });
      const play = await renew();
      if (!engine.retryStreaming(0)) await reload(play);
      else await video.play();
    },
    pageGoes: () => {
      heartbeats.stop();
      session.leave(reportOf(store.get()), true);
    },
    pageReturns: () => {
      renew().then(() => heartbeats.start(), fail);
    },
    close,
  };
}
