/** A server's end of uploads in memory, with faults to order, for the tests of the sending side. */
import type { Transport } from '../../../contracts/call.ts';
import type { Timing } from '../../ui/timing.ts';
import { createRememberedUploads } from './remembered-uploads.ts';
import { PartFailure, type SendPart } from './send-part.ts';
import { DONE_SHOWN_MS } from './upload-list.ts';
import type { SourceFile, UploadDeps } from './upload-run.ts';

export const PART_BYTES = 10;

type Held = { name: string; size: number; parts: Map<number, string> };

export function createFakeServer() {
  const uploads = new Map<string, Held>();
  const titles = new Map<string, string>();
  const sentParts: number[] = [];
  const stored = new Map<string, string>();
  /** Called before each request or part; throws to make it fail, or waits to hold it. */
  let fault: (what: string) => void | Promise<void> = () => undefined;
  let concurrent = 0;
  let concurrentMax = 0;

  const describe = (id: string, { name, size, parts }: Held) => ({
    ...{ id, title: titleOf(id), name, size, partBytes: PART_BYTES },
    parts: [...parts].map(([partNumber, text]) => ({
      partNumber,
      etag: `"${partNumber}"`,
      size: text.length,
    })),
  });
  const missing = () =>
    Response.json({ error: { code: 'not_found', message: 'no such upload' } }, { status: 404 });

  const transport: Transport = async (path, init) => {
    const [, kind, id = '', verb] = /^\/api\/(\w+)(?:\/([^/]+))?(?:\/(\w+))?$/.exec(path) ?? [];
    await fault(`${init.method} ${kind} ${verb ?? ''}`.trim());
    init.signal?.throwIfAborted();
    const body = init.body ? JSON.parse(String(init.body)) : {};
    if (kind === 'titles') {
      const state = titles.get(id);
      return state ? Response.json(titleBody(id, state)) : missing();
    }
    if (init.method === 'POST' && !id) {
      const made = `upload-${uploads.size + stored.size + 1}`;
      const held = { name: body.name, size: body.size, parts: new Map<number, string>() };
      uploads.set(made, held);
      titles.set(titleOf(made), 'uploading');
      return Response.json(describe(made, held), { status: 201 });
    }
    const held = uploads.get(id);
    if (!held) return missing();
    if (init.method === 'DELETE') {
      uploads.delete(id);
      return new Response(null, { status: 204 });
    }
    if (verb === 'parts') {
      const parts = body.partNumbers.map((partNumber: number) => ({
        partNumber,
        url: `${id}/${partNumber}`,
      }));
      return Response.json({ parts });
    }
    if (verb === 'complete') {
      const whole = [...held.parts].sort(([a], [b]) => a - b).map(([, text]) => text);
      if (whole.join('').length !== held.size) {
        return Response.json(
          { error: { code: 'invalid_part', message: 'a part is missing' } },
          { status: 400 },
        );
      }
      uploads.delete(id);
      stored.set(held.name, whole.join(''));
      titles.set(titleOf(id), 'ingesting');
      await fault('completed');
      return Response.json({ title: titleOf(id) });
    }
    return Response.json(describe(id, held));
  };

  const sendPart: SendPart = async (url, body, { signal, onSent }) => {
    const [id = '', number = ''] = url.split('/');
    concurrent += 1;
    concurrentMax = Math.max(concurrentMax, concurrent);
    try {
      onSent(body.size / 2);
      await Promise.race([fault(`part ${number}`), rejectOnAbort(signal)]);
      const text = await body.text();
      signal.throwIfAborted();
      const held = uploads.get(id);
      if (!held) throw new PartFailure('gone', 'no such upload');
      sentParts.push(Number(number));
      held.parts.set(Number(number), text);
      onSent(body.size);
    } finally {
      concurrent -= 1;
    }
  };

  return {
    ...{ transport, sendPart, uploads, titles, stored, sentParts },
    concurrentMax: () => concurrentMax,
    order(next: typeof fault) {
      fault = next;
    },
  };
}

/** Everything an upload needs, with time that passes at once and storage that outlives a "reload". */
export function createFakeDeps(server: ReturnType<typeof createFakeServer>, storage = createFakeStorage()) {
  let clock = 0;
  const slept: number[] = [];
  /** Ended uploads stay listed until the test says that their time is over. */
  const shown = Promise.withResolvers<void>();
  const timing: Timing = {
    now: () => clock,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      if (ms === DONE_SHOWN_MS) return shown.promise;
      slept.push(ms);
      clock += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
  };
  const deps: UploadDeps = {
    ...{ transport: server.transport, sendPart: server.sendPart, timing },
    remembered: createRememberedUploads(storage, () => 1_000_000),
    wallClock: () => 1_000_000,
    random: () => 0.5,
  };
  return { deps, slept, storage, endShown: shown.resolve };
}

export function createFakeStorage(): Pick<Storage, 'getItem' | 'setItem'> {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

export function fakeFile(name: string, text: string): SourceFile {
  return new File([text], name, { lastModified: 1234 });
}

export const TEXT_45 = 'abcdefghijABCDEFGHIJ0123456789zyxwvutsrqZYXWV';

function titleOf(uploadId: string): string {
  return uploadId.replace(/\D/g, '').padStart(26, '0');
}

function titleBody(id: string, state: string): object {
  const nothing = {
    etaS: null,
    durationS: null,
    playableS: null,
    width: null,
    height: null,
    reason: null,
    reasonCode: null,
  };
  const lists = { renditions: [], audioLanguages: [], captionLanguages: [] };
  const at = '2026-01-01T00:00:00.000Z';
  return {
    ...{ id, name: id, state, progress: 0, stage: '', ...nothing, bytes: null, bytesExpected: null },
    ...{ source: { bucket: 'b', key: 'k' }, poster: null, ...lists, attribution: null },
    ...{ createdAt: at, updatedAt: at },
  };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
