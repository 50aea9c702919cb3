/**
 * Accepts connections up to a limit, looks after their deadlines, and ends them all in an orderly way. All of
 * them read into one shared buffer. It knows nothing of HTTP.
 */
import { type AddressInfo, createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError, systemCode } from '../../platform/errors.ts';
import type { Certificate } from './certificate.ts';

export type Guest = {
  /** Moment, by the coarse clock, after which the guest is sent away. */
  readonly deadlineMs: number;
  /** Takes bytes that are good until it returns; false stops the reading until `socket.resume()`. */
  read(bytes: Buffer, length: number): boolean;
  /** The other side will send no more. */
  ended(): void;
  closed(): void;
  /** Ends when nothing is under way, else as soon as that is so. */
  drain(): void;
};

/** Monotonic time that is as exact as a sweep is often; costs nothing to read. */
export type CoarseClock = { nowMs: number };

export type ListenerOptions = {
  host: string;
  port: number;
  /** A Unix socket to listen on instead. */
  path?: string | undefined;
  /** Lets other processes listen on the same port; the kernel spreads connections over them. */
  isShared?: boolean | undefined;
  connectionsMax: number;
  sweepMs: number;
  drainMs: number;
  /** False reads through ordinary stream buffers: slower, but by public interfaces of Node only. */
  sharedReads?: boolean;
  /** Encrypts. */
  secure?: { certificate: Certificate; handshakeMs: number };
};

export type Listener = {
  readonly port: number;
  /** For new connections of an encrypted listener. */
  renew(certificate: Certificate): void;
  /** Stops accepting, drains, and cuts what is left after `drainMs`. */
  close(): Promise<void>;
};

const READ_BYTES = 64 * 1024;

export async function openListener(
  clock: Clock,
  coarse: CoarseClock,
  options: ListenerOptions,
  welcome: (socket: Socket) => Guest,
): Promise<Listener> {
  const guests = new Map<Socket, Guest>();
  const shared = Buffer.allocUnsafeSlow(READ_BYTES);
  const server = options.secure ? openTlsServer(options, options.secure) : openServer();

  const admit = (socket: Socket): Guest => {
    const guest = welcome(socket);
    guests.set(socket, guest);
    socket.on('end', () => guest.ended());
    // What went wrong does not matter; `close` always follows.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      guests.delete(socket);
      guest.closed();
    });
    return guest;
  };
  await listen(server, options);
  const canShare = options.sharedReads !== false && !options.secure;
  const isShared = canShare && shareReads(server, shared, options, guests, admit);
  if (!isShared) acceptStreams(server, options, guests, admit);

  const sweep = setInterval(() => {
    coarse.nowMs = clock.monotonic();
    for (const [socket, guest] of guests) if (guest.deadlineMs < coarse.nowMs) socket.destroy();
  }, options.sweepMs);

  // Until its handshake has ended, an encrypted connection is nobody's guest.
  const raw = new Set<Socket>();
  if (options.secure) {
    server.on('connection', (socket: Socket) => {
      raw.add(socket);
      socket.once('close', () => raw.delete(socket));
    });
  }

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const guest of guests.values()) guest.drain();
    const limit = setTimeout(() => {
      for (const socket of [...guests.keys(), ...raw]) socket.destroy();
    }, options.drainMs);
    await Promise.all([closed, ...[...guests.keys()].map(untilClosed)]);
    clearTimeout(limit);
    clearInterval(sweep);
  };
  const renew = (certificate: Certificate) => (server as TlsServer).setSecureContext(tlsOptions(certificate));
  const address = server.address() as AddressInfo | string;
  return { port: typeof address === 'string' ? 0 : address.port, renew, close };
}

function openServer(): Server {
  return createServer({ allowHalfOpen: true, noDelay: true });
}

function openTlsServer(
  { connectionsMax }: ListenerOptions,
  { certificate, handshakeMs }: NonNullable<ListenerOptions['secure']>,
): TlsServer {
  const server = createTlsServer({
    ...tlsOptions(certificate),
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: handshakeMs,
    noDelay: true,
  });
  server.maxConnections = connectionsMax;
  // Handshakes fail all the time in the open; the socket is gone by then.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

function tlsOptions(certificate: Certificate) {
  return { ...certificate, minVersion: 'TLSv1.2' } as const;
}

type RawHandle = { close(): void };
type RawServer = {
  _handle?: { onconnection?: (status: number, handle: RawHandle | undefined) => void };
};

/**
 * Makes sockets itself, since Node offers reading into one's own buffer only to sockets that connect. False when
 * this version of Node does not allow that. It saves a buffer and several objects for each read.
 */
function shareReads(
  server: Server,
  shared: Buffer,
  { connectionsMax }: ListenerOptions,
  guests: ReadonlyMap<Socket, Guest>,
  admit: (socket: Socket) => Guest,
): boolean {
  const raw = (server as unknown as RawServer)._handle;
  if (typeof raw?.onconnection !== 'function') return false;
  raw.onconnection = (status, handle) => {
    // A failed accept says nothing of the ones to come.
    if (status !== 0 || !handle) return;
    if (guests.size >= connectionsMax) return handle.close();
    const callback = (length: number) => guest.read(shared, length);
    const onread = { buffer: shared, callback };
    const options = { handle, allowHalfOpen: true, readable: true, writable: true, onread };
    const socket = new Socket(options as unknown as SocketConstructorOpts);
    socket.setNoDelay(true);
    const guest = admit(socket);
  };
  return true;
}

function acceptStreams(
  server: Server,
  { connectionsMax }: ListenerOptions,
  guests: ReadonlyMap<Socket, Guest>,
  admit: (socket: Socket) => Guest,
): void {
  const isSecure = 'setSecureContext' in server;
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket | TLSSocket) => {
    if (guests.size >= connectionsMax) return socket.destroy();
    const guest = admit(socket);
    // A session of HTTP/2 reads by itself.
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') return;
    socket.on('data', (chunk: Buffer) => {
      if (!guest.read(chunk, chunk.length)) socket.pause();
    });
  });
}

function listen(server: Server, { host, port, path, isShared }: ListenerOptions): Promise<void> {
  const where = path === undefined ? { host, port, reusePort: isShared === true } : { path };
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const why = systemCode(cause) ?? cause.message;
      const place = path === undefined ? `${host}:${port}` : 'a Unix socket';
      reject(new MatineeError('unavailable', `cannot listen on ${place}: ${why}`, { cause }));
    };
    server.once('error', fail);
    server.listen({ ...where, backlog: 1024 }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
