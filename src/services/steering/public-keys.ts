/** Public keys as another service tells them, remembered so that edges get them while that service is away. */
import type { TokenKeys } from '../../contracts/edges.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

const FRESH_MS = 5000;
/** After a question that was not answered. */
const ASK_AGAIN_MS = 1000;
/** Less than an edge waits for the answer to its heartbeat. */
const ASK_LIMIT_MS = 1000;

export type KeyQuestion = {
  /** Whom it asks, for the log. */
  of: string;
  ask(signal: AbortSignal): Promise<TokenKeys>;
  /** Whoever asks while nothing is known waits for the answer. */
  waits: boolean;
};

export function createKeyCache({ clock, log }: { clock: Clock; log: Log }, question: KeyQuestion) {
  let known: TokenKeys = [];
  let askAtMs = Number.NEGATIVE_INFINITY;
  let away = false;
  let asking: Promise<void> | undefined;

  const ask = async () => {
    try {
      known = await question.ask(AbortSignal.timeout(ASK_LIMIT_MS));
      askAtMs = clock.monotonic() + FRESH_MS;
      away = false;
    } catch (error) {
      askAtMs = clock.monotonic() + ASK_AGAIN_MS;
      if (!away) log.warn(`${question.of} does not tell its keys, the last known ones go on`, { error });
      away = true;
    }
  };
  /** Empty only until the service has answered once. */
  return async (): Promise<TokenKeys> => {
    if (clock.monotonic() < askAtMs) return known;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    // Who has keys need not wait for newer ones: those come with the next heartbeat.
    if (known.length === 0 && question.waits) await asking;
    return known;
  };
}
