/** Varnish as a caching proxy: one thread pool, memory storage, ten minutes of grace. It has no TLS of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-port.ts';
import { BUCKET, PREFIX } from './object-names.ts';
import { start, untilListening } from './processes.ts';
import { type BenchServer, ORIGIN_TIMEOUT_MS, type ServerSetup } from './server.ts';

/** A thread a waiting client: 2,048 connections and 1,000 clients of one object must not wait for threads. */
const THREADS_MAX = 3000;

export async function openVarnish(setup: ServerSetup, version: string): Promise<BenchServer> {
  const { folder, memoryBytes } = setup;
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'edge.vcl');
  await writeFile(file, vcl(setup.originPort));
  const storage = `malloc,${Math.ceil(memoryBytes / 1024 / 1024)}m`;
  const settings = [
    'thread_pools=1',
    'thread_pool_min=100',
    `thread_pool_max=${THREADS_MAX}`,
    'timeout_idle=600',
    `first_byte_timeout=${ORIGIN_TIMEOUT_MS / 1000}`,
    'connect_timeout=1',
  ].flatMap((setting) => ['-p', setting]);
  const command = ['varnishd', '-F', '-j', 'none', '-n', join(folder, 'work'), '-T', 'none'];
  const where = ['-a', `127.0.0.1:${port}`, '-f', file, '-s', storage];
  const started = start([...command, ...where, ...settings], { side: 'server' });
  await untilListening(port, started);
  return {
    ...{ name: 'varnish', version, pid: started.pid, child: started.child },
    url: (door, object) =>
      door === 'tls'
        ? { missing: 'Varnish has no TLS' }
        : `http://127.0.0.1:${port}/${BUCKET}/${PREFIX}${object}`,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

function vcl(originPort: number): string {
  return `vcl 4.1;
backend origin {
  .host = "127.0.0.1";
  .port = "${originPort}";
  .max_connections = 2000;
}
sub vcl_backend_response {
  set beresp.grace = 10m;
}
`;
}
