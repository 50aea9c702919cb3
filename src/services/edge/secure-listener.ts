/** The encrypted listener: its viewers speak HTTP/2 where they can, and a renewed certificate is taken as it runs. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { type Certificate, watchCertificate } from './certificate.ts';
import type { EdgeConfig, EdgeLimits } from './config.ts';
import { Connection, type ConnectionDeps } from './connection.ts';
import { Http2Viewer, type Translations } from './http2-viewer.ts';
import { type CoarseClock, type Listener, openListener } from './listener.ts';

export type SecureDeps = {
  clock: Clock;
  coarse: CoarseClock;
  bounds: EdgeLimits & { host: string; isShared?: boolean };
  connections: ConnectionDeps;
  log: Log;
};

export async function openSecureListener(
  tls: NonNullable<EdgeConfig['tls']>,
  certificate: Certificate,
  { clock, coarse, bounds, connections, log }: SecureDeps,
): Promise<Pick<Listener, 'port' | 'close'>> {
  const translated: Translations = new WeakMap();
  const secure = { certificate, handshakeMs: bounds.headMs };
  const listener = await openListener(clock, coarse, { ...bounds, port: tls.port, secure }, (socket) =>
    (socket as TLSSocket).alpnProtocol === 'h2'
      ? new Http2Viewer(socket as TLSSocket, connections, translated)
      : new Connection(socket, connections),
  );
  const watch = watchCertificate(tls, bounds.certificateMs, log, (renewed) => listener.renew(renewed));
  const close = () => {
    watch.close();
    return listener.close();
  };
  return { port: listener.port, close };
}
