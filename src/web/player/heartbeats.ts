/**
 * Says where the player is: every 10 s and soon after a change. One at a time; what changes while one is under way
 * goes with the next. A heartbeat that is lost is not sent again, since the next one says it all.
 */
import type { Timers } from './timers.ts';

export const HEARTBEAT_MS = 10_000;
/** A viewer who drags through the film changes state many times a second. */
const SPACING_MS = 1000;
const LIMIT_MS = 8000;

export type HeartbeatDeps = {
  send(signal: AbortSignal): Promise<void>;
  timers: Timers;
};

export type Heartbeats = {
  start(): void;
  /** Something changed: a heartbeat soon. */
  changed(): void;
  stop(): void;
};

export function createHeartbeats({ send, timers }: HeartbeatDeps): Heartbeats {
  let running = false;
  let underWay = false;
  let changedMeanwhile = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  let callOff = () => {};
  const next = (ms: number) => {
    callOff();
    if (running) callOff = timers.after(ms, () => void beat());
  };
  const spacing = () => Math.max(0, lastMs + SPACING_MS - timers.now());
  const beat = async () => {
    underWay = true;
    changedMeanwhile = false;
    lastMs = timers.now();
    const late = new AbortController();
    const callOffLimit = timers.after(LIMIT_MS, () => late.abort(new Error('the heartbeat took too long')));
    await send(late.signal).catch(() => undefined);
    callOffLimit();
    underWay = false;
    next(changedMeanwhile ? spacing() : Math.max(0, lastMs + HEARTBEAT_MS - timers.now()));
  };
  return {
    start: () => {
      if (running) return;
      running = true;
      next(0);
    },
    changed: () => {
      if (!running) return;
      if (underWay) changedMeanwhile = true;
      else next(spacing());
    },
    stop: () => {
      running = false;
      callOff();
    },
  };
}
