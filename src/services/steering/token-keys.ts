/** The public keys of edge tokens as playback tells them, remembered so that edges get them while it is away. */
import type { PlaybackClient } from '../../clients/playback.ts';
import type { TokenKeys } from '../../contracts/edges.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

const FRESH_MS = 5000;
/** After a question that was not answered. */
const ASK_AGAIN_MS = 1000;
/** Less than an edge waits for the answer to its heartbeat. */
const ASK_LIMIT_MS = 1000;

export function createTokenKeyCache(deps: { playback: PlaybackClient; clock: Clock; log: Log }) {
  const { playback, clock, log } = deps;
  let known: TokenKeys = [];
  let askAtMs = Number.NEGATIVE_INFINITY;
  let away = false;
  let asking: Promise<void> | undefined;

  const ask = async () => {
    try {
      known = (await playback.getTokenKeys({}, AbortSignal.timeout(ASK_LIMIT_MS))).tokenKeys;
      askAtMs = clock.monotonic() + FRESH_MS;
      away = false;
    } catch (error) {
      askAtMs = clock.monotonic() + ASK_AGAIN_MS;
      if (!away) log.warn('playback does not tell its token keys, the last known ones go on', { error });
      away = true;
    }
  };
  /** Empty only until playback has answered once. */
  return async (): Promise<TokenKeys> => {
    if (clock.monotonic() < askAtMs) return known;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    // Who has keys need not wait for newer ones: those come with the next heartbeat.
    if (known.length === 0) await asking;
    return known;
  };
}
