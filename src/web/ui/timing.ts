/** Time as the pages' headless parts ask for it, so that tests can own it. */
export type Timing = {
  /** Milliseconds that never step back; only differences mean anything. */
  now(): number;
  /** Resolves after `ms`, perhaps sooner when waiting has become pointless; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
};

/** A browser's time. A sleep ends early when the machine comes back online, for whoever waits to try again. */
export function browserTiming(window: Window): Timing {
  return {
    now: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const end = () => {
          clearTimeout(timer);
          window.removeEventListener('online', onOnline);
          signal.removeEventListener('abort', onAbort);
        };
        const onOnline = () => {
          end();
          resolve();
        };
        const onAbort = () => {
          end();
          reject(signal.reason);
        };
        const timer = setTimeout(onOnline, ms);
        window.addEventListener('online', onOnline);
        signal.addEventListener('abort', onAbort);
      }),
  };
}
