/** Puts the pages together and on the screen. */
import './without-eval.ts';
import '../ui/tokens.css';
import '../ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Transport } from '../../contracts/call.ts';
import { isMatineeError } from '../../platform/errors.ts';
import { browserTiming } from '../ui/timing.ts';
import { createLibraryReader, isMoving } from './polling/library-reader.ts';
import { createPoller, documentVisibility } from './polling/poller.ts';
import { App } from './shell/app.tsx';
import { applyRememberedLights } from './shell/lights.ts';
import { type Services, ServicesContext } from './shell/services.ts';
import { createRememberedUploads } from './uploads/remembered-uploads.ts';
import { createPartSender } from './uploads/send-part.ts';
import { createUploadList, isUnderWay } from './uploads/upload-list.ts';

/** No call of the API takes longer, joining the parts of a large film included. */
const CALL_LIMIT_MS = 120_000;
const POLL_MOVING_MS = 1000;
const POLL_RESTING_MS = 5000;

function createServices(): Services {
  const timing = browserTiming(window);
  const visibility = documentVisibility(document);
  const transport: Transport = (path, init) => {
    const limit = AbortSignal.timeout(CALL_LIMIT_MS);
    return fetch(path, { ...init, signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit });
  };
  const wallClock = () => Date.now();
  const uploads = createUploadList({
    transport,
    sendPart: createPartSender(() => new XMLHttpRequest(), timing),
    remembered: createRememberedUploads(lateStorage, wallClock),
    timing,
    wallClock,
    random: Math.random,
  });
  const library = createPoller({
    load: createLibraryReader(transport, timing.now),
    pauseMs: (titles) =>
      titles?.some(isMoving) || uploads.views().some(isUnderWay) ? POLL_MOVING_MS : POLL_RESTING_MS,
    isAnswer: (error) => isMatineeError(error) && error.row.status < 500,
    timing,
    visibility,
  });
  return { transport, library, uploads, timing, visibility };
}

/** Asked for at each use, since a browser that forbids storage throws at the mere mention of it. */
const lateStorage: Pick<Storage, 'getItem' | 'setItem'> = {
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, value),
};

applyRememberedLights();
createRoot(document.getElementById('app') as HTMLElement).render(
  <StrictMode>
    <ServicesContext value={createServices()}>
      <App />
    </ServicesContext>
  </StrictMode>,
);
