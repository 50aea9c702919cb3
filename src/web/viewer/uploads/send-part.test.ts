import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timing } from '../../ui/timing.ts';
import { createPartSender, PartFailure, type PartRequest } from './send-part.ts';

type Script = (request: PartRequest) => void;

function setUp(script: Script) {
  let now = 0;
  let aborted = false;
  const timing: Timing = {
    now: () => now,
    sleep: async (ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      now += ms;
    },
  };
  const opened: string[] = [];
  const send = createPartSender(() => {
    const request: PartRequest = {
      ...{ status: 0, responseText: '', onload: null, onerror: null, ontimeout: null },
      upload: { onprogress: null },
      open: (...args: unknown[]) => void opened.push(args.join(' ')),
      send: () => script(request),
      abort: () => {
        aborted = true;
      },
    };
    return request;
  }, timing);
  return { send, opened, aborted: () => aborted };
}

const body = new Blob(['0123456789']);

function answer(status: number, responseText = ''): Script {
  return (request) => {
    Object.assign(request, { status, responseText });
    queueMicrotask(() => request.onload?.call(request as XMLHttpRequest, {} as ProgressEvent));
  };
}

async function kindOf(script: Script): Promise<string> {
  const { send } = setUp(script);
  const failure = await send('/x', body, {
    signal: new AbortController().signal,
    onSent: () => undefined,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof PartFailure);
  return failure.kind;
}

test('a part is put to its URL and its progress told', async () => {
  const sent: number[] = [];
  const { send, opened } = setUp((request) => {
    const progress = { loaded: 400 } as ProgressEvent;
    request.upload.onprogress?.call(request as XMLHttpRequest, progress);
    answer(200)(request);
  });
  await send('http://door/x', body, { signal: new AbortController().signal, onSent: (n) => sent.push(n) });
  assert.deepEqual([opened, sent], [['PUT http://door/x'], [10]]);
});

test('failures are sorted by what helps against them', async () => {
  const error = (code: string) => `<Error><Code>${code}</Code><Message>m</Message></Error>`;
  assert.equal(await kindOf(answer(403, error('AccessDenied'))), 'expired');
  assert.equal(await kindOf(answer(404, error('NoSuchUpload'))), 'gone');
  assert.equal(await kindOf(answer(507)), 'full');
  assert.equal(await kindOf(answer(503, error('SlowDown'))), 'busy');
  assert.equal(await kindOf(answer(400, error('IncompleteBody'))), 'busy');
  assert.equal(await kindOf(answer(400, error('EntityTooLarge'))), 'refused');
  assert.equal(
    await kindOf((request) => request.onerror?.call(request as XMLHttpRequest, {} as ProgressEvent)),
    'connection',
  );
});

test('a connection that has gone silent is taken for broken and let go', async () => {
  const { send, aborted } = setUp(() => undefined);
  const sending = send('/x', body, { signal: new AbortController().signal, onSent: () => undefined });
  await assert.rejects(sending, (error) => (error as PartFailure).kind === 'connection');
  assert.ok(aborted());
});

test('an abort ends the request with the reason given', async () => {
  const stop = new AbortController();
  const { send, aborted } = setUp(() => stop.abort(new Error('paused')));
  await assert.rejects(send('/x', body, { signal: stop.signal, onSent: () => undefined }), /paused/);
  assert.ok(aborted());
});
