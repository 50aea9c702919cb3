/** One title as it is polled, starting from what the library already knows of it. */
import { useMemo } from 'react';
import { callEndpoint } from '../../../contracts/call.ts';
import { getTitle, type Title } from '../../../contracts/titles.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { isMoving } from '../polling/library-reader.ts';
import { createPoller, type Polled, type Poller } from '../polling/poller.ts';
import { usePoller } from '../polling/use-poller.ts';
import { useServices } from '../shell/services.ts';

const POLL_MOVING_MS = 1000;
const POLL_RESTING_MS = 10_000;

export function useTitle(id: string): Polled<Title> & { poller: Poller<Title> } {
  const { transport, library, timing, visibility } = useServices();
  const poller = useMemo(
    () =>
      createPoller<Title>({
        initial: library.get().value?.find((title) => title.id === id),
        load: (_previous, signal) => callEndpoint(transport, getTitle, { params: { id } }, signal),
        pauseMs: (title) => (title && !isMoving(title) ? POLL_RESTING_MS : POLL_MOVING_MS),
        isAnswer: (error) => isMatineeError(error) && error.row.status < 500,
        timing,
        visibility,
      }),
    [id, transport, library, timing, visibility],
  );
  return { ...usePoller(poller), poller };
}
