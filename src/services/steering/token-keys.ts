/** The public keys of edge tokens as playback tells them, remembered so that edges get them while it is away. */
import type { PlaybackClient } from '../../clients/playback.ts';
import type { TokenKeys } from '../../contracts/edges.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

const FRESH_MS = 5000;
const ASK_LIMIT_MS = 3000;

export function createTokenKeyCache(deps: { playback: PlaybackClient; clock: Clock; log: Log }) {
  const { playback, clock, log } = deps;
  let known: TokenKeys = [];
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const ask = async () => {
    try {
      known = (await playback.getTokenKeys({}, AbortSignal.timeout(ASK_LIMIT_MS))).tokenKeys;
      askedMs = clock.monotonic();
    } catch (error) {
      log.debug('playback does not tell its token keys, the last known ones go on', { error });
    }
  };
  /** Empty only until playback has answered once. */
  return async (): Promise<TokenKeys> => {
    if (clock.monotonic() - askedMs < FRESH_MS) return known;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    // Who has keys need not wait for newer ones: those come with the next heartbeat.
    if (known.length === 0) await asking;
    return known;
  };
}
