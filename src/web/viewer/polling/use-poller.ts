/** A poller's state in a component; it polls while a component shows it. */
import { useSyncExternalStore } from 'react';
import type { Polled, Poller } from './poller.ts';

export function usePoller<T>(poller: Poller<T>): Polled<T> {
  return useSyncExternalStore(poller.subscribe, poller.get);
}
