/**
 * Puts one part to a presigned URL. XMLHttpRequest, because fetch still tells nobody how much of a body has
 * left. What went wrong is sorted into the few kinds that call for different answers.
 */
import type { Timing } from '../../ui/timing.ts';

/**
 * connection: nothing came back. expired: the URL is no longer good. gone: the upload has ended. full: no room.
 * busy: the store asks to come again. refused: it will never take this.
 */
export type PartFailureKind = 'connection' | 'expired' | 'gone' | 'full' | 'busy' | 'refused';

export class PartFailure extends Error {
  override readonly name = 'PartFailure';
  readonly kind: PartFailureKind;

  constructor(kind: PartFailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export type SendPart = (
  url: string,
  body: Blob,
  options: { signal: AbortSignal; onSent: (bytes: number) => void },
) => Promise<void>;

/** What is used of XMLHttpRequest. */
export type PartRequest = Pick<
  XMLHttpRequest,
  'open' | 'send' | 'abort' | 'status' | 'responseText' | 'onload' | 'onerror' | 'ontimeout'
> & { upload: Pick<XMLHttpRequestUpload, 'onprogress'> };

/** A connection on which nothing has moved for so long is taken for dead. */
const SILENCE_MS = 60_000;

export function createPartSender(makeRequest: () => PartRequest, timing: Timing): SendPart {
  return (url, body, { signal, onSent }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const request = makeRequest();
      const ended = new AbortController();
      let movedAt = timing.now();
      const end = (settle: () => void) => {
        if (ended.signal.aborted) return;
        ended.abort();
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const fail = (error: unknown) => end(() => reject(error));
      const onAbort = () => {
        fail(signal.reason);
        request.abort();
      };
      const lost = () => fail(new PartFailure('connection', 'the connection broke'));
      signal.addEventListener('abort', onAbort);
      request.upload.onprogress = ({ loaded }) => {
        movedAt = timing.now();
        onSent(Math.min(loaded, body.size));
      };
      request.onerror = lost;
      request.ontimeout = lost;
      request.onload = () => {
        if (request.status === 200) return end(resolve);
        fail(failureOf(request.status, request.responseText));
      };
      request.open('PUT', url);
      request.send(body);
      watchSilence().catch(() => undefined);

      async function watchSilence(): Promise<void> {
        for (let quiet = 0; quiet < SILENCE_MS; quiet = timing.now() - movedAt) {
          await timing.sleep(SILENCE_MS - quiet, ended.signal);
        }
        lost();
        request.abort();
      }
    });
}

function failureOf(status: number, body: string): PartFailure {
  const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? '';
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1] ?? `status ${status}`;
  if (code === 'NoSuchUpload') return new PartFailure('gone', message);
  if (status === 403) return new PartFailure('expired', message);
  if (status === 507) return new PartFailure('full', message);
  // A digest or length that does not match is a body damaged on its way: send it again.
  if (status >= 500 || status === 408 || status === 429 || /^(BadDigest|IncompleteBody)$/.test(code)) {
    return new PartFailure('busy', message);
  }
  return new PartFailure('refused', message);
}
