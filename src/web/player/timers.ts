/** Time as the player asks for it, so that tests can own it. */
export type Timers = {
  /** Milliseconds since the Unix epoch, since that is what tokens expire by. */
  now(): number;
  /** Calls `work` once after `ms`; the function returned calls it off. */
  after(ms: number, work: () => void): () => void;
};

export const browserTimers: Timers = {
  now: () => Date.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or rejects with the signal's reason when that comes first. */
export function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      callOff();
      reject(signal.reason);
    };
    const callOff = timers.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
