/**
 * Shows the metrics to this machine and nobody else: a listener of its own on the loopback address, since the ports
 * of an edge are open to all. Pages that a browser of this machine shows must not read it either, so a host that is
 * not loopback is refused.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MatineeError, systemCode } from '../../../platform/errors.ts';
import type { Metrics } from './metrics.ts';
import { METRICS_TYPE, metricsText } from './metrics-text.ts';

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;
const CONNECTIONS_MAX = 16;
const REQUEST_MS = 5000;

export type MetricsListener = { readonly port: number; close(): Promise<void> };

/** Answers `GET /metrics` and `GET /metrics.json`. Port 0 takes any free one. */
export async function openMetricsListener(metrics: Metrics, port: number): Promise<MetricsListener> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      const say = (status: number, type: string, text: string) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
      };
      if (!LOOPBACK.test(request.headers.host ?? '')) say(403, 'text/plain', 'forbidden\n');
      else if (request.method !== 'GET') say(405, 'text/plain', 'only GET is answered here\n');
      else if (request.url === '/metrics') say(200, METRICS_TYPE, metricsText(metrics.snapshot()));
      else if (request.url === '/metrics.json')
        say(200, 'application/json', JSON.stringify(metrics.snapshot()));
      else say(404, 'text/plain', 'not found\n');
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const why = systemCode(cause) ?? cause.message;
      reject(new MatineeError('unavailable', `cannot show metrics on port ${port}: ${why}`, { cause }));
    });
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}
