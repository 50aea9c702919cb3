/**
 * The origin behind the cache under test. It answers each path by the case that the runner has announced for it, in
 * the step that the case is at, and it notes what it was asked. It writes its replies byte by byte on plain sockets,
 * since some of them are such as no HTTP library would send.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CaseRun, stepOf } from './case-run.ts';
import { renderReply } from './origin-reply.ts';
import { readRequests, type WireRequest } from './wire.ts';

export type ConformanceOrigin = AsyncDisposable & {
  readonly port: number;
  /** Answers the path of a case, and all paths below it, from now on. */
  announce(run: CaseRun): void;
  forget(run: CaseRun): void;
};

export type OriginOptions = { port?: number; host?: string; now?: () => number };

/** Every case has a path of this many parts, so that no two cases meet in a cache: /conformance/RUN/ID. */
const CASE_PATH = /^(?:https?:\/\/[^/]*)?(\/conformance\/[^/?]+\/[^/?]+)/;

export async function openOrigin(options: OriginOptions = {}): Promise<ConformanceOrigin> {
  const now = options.now ?? Date.now;
  const runs = new Map<string, CaseRun>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    // A cache may break a connection at any time; what that means shows in the step that it belongs to.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    serve(socket, runs, now).catch(() => socket.destroy());
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    announce: (run) => void runs.set(run.path, run),
    forget: (run) => void runs.delete(run.path),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, runs: ReadonlyMap<string, CaseRun>, now: () => number): Promise<void> {
  for await (const request of readRequests(socket)) {
    const run = runs.get(CASE_PATH.exec(request.target)?.[1] ?? '');
    if (run === undefined) socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 'latin1');
    else if (!(await answer(socket, run, request, now))) return;
  }
  socket.end();
}

/** Answers one request; says whether the connection lives on. */
async function answer(
  socket: Socket,
  run: CaseRun,
  request: WireRequest,
  now: () => number,
): Promise<boolean> {
  const serial = run.exchanges.flat().length + 1;
  const response = stepOf(run, run.step)?.response ?? {};
  const reply = renderReply(run, request, now(), serial);
  if (reply === undefined) {
    socket.destroy();
    return false;
  }
  run.exchanges[run.step - 1]?.push({ request, status: reply.status, sent: reply.sent });
  if (response.disconnect) {
    socket.destroy();
    return false;
  }
  if (reply.interim !== '') socket.write(reply.interim, 'latin1');
  if (response.delayMs !== undefined) await sleep(response.delayMs);
  if (response.truncateAfterBytes !== undefined) {
    socket.end(reply.head + reply.body.slice(0, response.truncateAfterBytes), 'latin1');
    return false;
  }
  return socket.write(reply.head + reply.body, 'latin1') || !socket.destroyed;
}
