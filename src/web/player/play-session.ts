/**
 * The play session with the server: opened, renewed, told where the player is, ended. A session that the server
 * has forgotten is opened anew without a word, since the viewer only wants to go on watching.
 */
import { callEndpoint, type Transport } from '../../contracts/call.ts';
import type { EndpointCall } from '../../contracts/endpoint.ts';
import { endPlay, heartbeatPlay, hurryPlay, type Play, renewPlay, startPlay } from '../../contracts/plays.ts';
import { isMatineeError } from '../../platform/errors.ts';
import { pause, type Timers } from './timers.ts';

export type PlayReport = EndpointCall<typeof heartbeatPlay>['body'];

export type PlaySession = {
  open(signal: AbortSignal): Promise<Play>;
  play(): Play | undefined;
  /** One at a time, at least a second apart; who asks meanwhile gets the same answer. Rejects after some tries. */
  renew(failedEdges: string[]): Promise<Play>;
  /** True when the token has little time left. */
  renewalDue(): boolean;
  /** Tells where the viewer of a growing film waits, without waiting for an answer. */
  hurry(positionS: number): void;
  /** Resolves with the title's newest publication. */
  report(report: PlayReport, signal: AbortSignal): Promise<number>;
  /** The last report and the end of the session; `pageGoes` when there is no time to wait between the two. */
  leave(report: PlayReport, pageGoes: boolean): void;
  close(): void;
};

export type PlaySessionDeps = {
  transport: Transport;
  titleId: string;
  device: string;
  timers: Timers;
};

const RENEW_SPACING_MS = 1000;
const RENEW_TRIES_MAX = 4;
const CALL_LIMIT_MS = 8000;
/** A film that somebody opens while its first picture is being made begins as soon as there is one. */
const FIRST_PICTURE_WAIT_S = 20;
const OPEN_LIMIT_MS = (FIRST_PICTURE_WAIT_S + 8) * 1000;
/** A token is renewed when a fifth of its life is left, or two minutes, whichever is less. */
const LIFE_LEFT = 0.2;
const LIFE_LEFT_MAX_MS = 120_000;
/** A wrong clock may make a fresh token look old; that must not end in a storm of renewals. */
const RENEWAL_DUE_SPACING_MS = 30_000;

export function createPlaySession(deps: PlaySessionDeps): PlaySession {
  const { transport, titleId, device, timers } = deps;
  const closed = new AbortController();
  let play: Play | undefined;
  let adoptedAt = 0;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let renewing: Promise<Play> | undefined;

  const adopt = (next: Play): Play => {
    play = next;
    adoptedAt = timers.now();
    return next;
  };
  const open = async (signal: AbortSignal) =>
    adopt(
      await callEndpoint(
        transport,
        startPlay,
        { params: { id: titleId }, body: { device, waitS: FIRST_PICTURE_WAIT_S } },
        signal,
      ),
    );
  const renewOnce = async (failedEdges: string[], signal: AbortSignal): Promise<Play> => {
    if (!play) return open(signal);
    const call = { params: { session: play.session }, body: { failedEdges: failedEdges.slice(0, 20) } };
    try {
      return adopt(await callEndpoint(transport, renewPlay, call, signal));
    } catch (error) {
      if (isMatineeError(error, 'not_found')) return open(signal);
      throw error;
    }
  };
  const renewWithTries = async (failedEdges: string[]): Promise<Play> => {
    for (let tryNumber = 1; ; tryNumber++) {
      const waitMs = renewedAt + RENEW_SPACING_MS * 2 ** (tryNumber - 1) - timers.now();
      if (waitMs > 0) await pause(timers, waitMs, closed.signal);
      renewedAt = timers.now();
      try {
        return await limited(timers, closed.signal, (signal) => renewOnce(failedEdges, signal));
      } catch (error) {
        const lasting = isMatineeError(error) && !error.row.retry && error.code !== 'internal';
        if (lasting || tryNumber >= RENEW_TRIES_MAX || closed.signal.aborted) throw error;
      }
    }
  };
  return {
    open: (signal) => limited(timers, AbortSignal.any([signal, closed.signal]), open, OPEN_LIMIT_MS),
    play: () => play,
    renew: (failedEdges) => {
      renewing ??= renewWithTries(failedEdges).finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
    renewalDue: () => {
      if (!play || timers.now() - adoptedAt < RENEWAL_DUE_SPACING_MS) return false;
      const endsAt = Date.parse(play.expiresAt);
      const spareMs = Math.min(LIFE_LEFT_MAX_MS, Math.max(0, endsAt - adoptedAt) * LIFE_LEFT);
      return timers.now() >= endsAt - spareMs;
    },
    hurry: (positionS) => {
      if (!play) return;
      const call = { params: { session: play.session }, body: { positionS } };
      // Said again while the viewer waits.
      limited(timers, closed.signal, (signal) => callEndpoint(transport, hurryPlay, call, signal)).catch(
        () => undefined,
      );
    },
    report: async (report, signal) => {
      if (!play) return 0;
      const call = { params: { session: play.session }, body: report };
      try {
        return (await callEndpoint(transport, heartbeatPlay, call, signal)).publication;
      } catch (error) {
        if (!isMatineeError(error, 'not_found')) throw error;
        return (await open(signal)).publication;
      }
    },
    leave: (report, pageGoes) => {
      if (!play) return;
      const lasting: Transport = (path, init) => transport(path, { ...init, keepalive: true });
      const params = { session: play.session };
      play = undefined;
      const reported = callEndpoint(lasting, heartbeatPlay, { params, body: report }).catch(() => undefined);
      // What becomes of it nobody here will know; a session that is not ended ends by its silence.
      const end = () => callEndpoint(lasting, endPlay, { params }).catch(() => undefined);
      if (pageGoes) void end();
      else void reported.then(end);
    },
    close: () => closed.abort(new Error('the player was closed')),
  };
}

/** Every call has an end, even when the server accepts it and says nothing. */
async function limited<T>(
  timers: Timers,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  limitMs = CALL_LIMIT_MS,
): Promise<T> {
  const late = new AbortController();
  const callOff = timers.after(limitMs, () => late.abort(new Error('the server took too long')));
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    callOff();
  }
}
