/**
 * Puts a `handle(Request)` on a TCP port, and nothing more: limits on heads and idle sockets, `/healthz`,
 * a stop that drains. HTTP semantics belong to whoever handles the request. The edge does not use this.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { isMatineeError, MatineeError, systemCode } from './errors.ts';
import type { Log } from './log.ts';
import type { Health, RequestContext } from './service.ts';

export type HttpServerOptions = {
  host: string;
  /** 0 takes any free port. */
  port: number;
  handle(request: Request, context: RequestContext): Promise<Response>;
  health(): Health;
  /** Decides whether a request carries the service secret. Default: never. */
  isTrusted?(request: Request): boolean;
  log: Log;
  tls?: { key: string; cert: string };
  /** How long open requests may go on after `close`. Default 5 s. */
  drainMs?: number;
};

export type HttpServer = AsyncDisposable & {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
};

const HEAD_BYTES_MAX = 32 * 1024;

export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, handle, health, log, drainMs = 5000 } = options;
  const listener = getRequestListener(
    async (request, env) => {
      const incoming = (env as { incoming: IncomingMessage }).incoming;
      const context = {
        rawTarget: incoming.url ?? '/',
        remoteAddress: incoming.socket.remoteAddress ?? 'unknown',
        trusted: options.isTrusted?.(request) ?? false,
      };
      if (context.rawTarget === '/healthz') return healthResponse(health());
      return handle(request, context);
    },
    {
      overrideGlobalObjects: false,
      errorHandler: (error) => {
        // A head that makes no URL (no Host, a raw backslash) is the client's fault.
        if (error instanceof RequestError) return new Response(null, { status: 400 });
        log.error('request failed outside its handler', { error });
        return new Response(null, { status: 500 });
      },
    },
  );
  const server = options.tls
    ? createTlsServer({ ...options.tls, maxHeaderSize: HEAD_BYTES_MAX }, listener)
    : createServer({ maxHeaderSize: HEAD_BYTES_MAX }, listener);
  server.headersTimeout = 15_000;
  server.requestTimeout = 0;
  server.keepAliveTimeout = 15_000;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueOnFirstRead(request, response);
    listener(request, response);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.setTimeout(120_000, () => socket.destroy());
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, host, options.port);
  const port = (server.address() as AddressInfo).port;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // A connection whose last answer is still under way becomes idle later; it must not hold the end up.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, drainMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  };
  const scheme = options.tls ? 'https' : 'http';
  return { port, url: `${scheme}://${hostInUrl(host)}:${port}`, close, [Symbol.asyncDispose]: close };
}

/** A host as it stands in a URL; the wildcard addresses are reached by loopback. */
export function hostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

export function healthResponse(health: Health): Response {
  return Response.json(health, {
    status: health.ready ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
  });
}

/**
 * Answers `Expect: 100-continue` only when the handler starts to read the body, so that a refused upload
 * never sends its bytes.
 */
function continueOnFirstRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read.bind(request);
  let asked = false;
  request._read = (size) => {
    if (!asked) {
      asked = true;
      if (!response.headersSent) response.writeContinue();
    }
    read(size);
  };
}

async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      if (systemCode(cause) !== 'EADDRINUSE') return reject(cause);
      reject(
        new MatineeError('invalid_config', `port ${port} on ${host} is taken by another program`, { cause }),
      );
    });
    server.listen(port, host, resolve);
  });
}

/** The text of a failure for a person at a terminal. */
export function failureText(error: unknown): string {
  if (isMatineeError(error)) return `${error.message} (${error.code})`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
