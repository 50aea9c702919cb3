/** nginx as a caching proxy: one worker, sendfile from files that the page cache holds, open files remembered. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-port.ts';
import { BUCKET, PREFIX } from './object-names.ts';
import { start, untilListening } from './processes.ts';
import { type BenchServer, type Door, ORIGIN_TIMEOUT_MS, type ServerSetup } from './server.ts';

type Ports = Record<Door, number>;

export async function openNginx(setup: ServerSetup, version: string): Promise<BenchServer> {
  const { folder } = setup;
  const [plain = 0, ranges = 0, tls = 0] = await freePorts(3);
  const ports: Ports = { plain, ranges, tls };
  await mkdir(join(folder, 'cache'));
  const file = join(folder, 'nginx.conf');
  await writeFile(file, nginxConfig(setup, ports));
  // The error log of the time before the configuration is read would go to a system folder.
  const started = start(['nginx', '-e', 'stderr', '-p', folder, '-c', file], { side: 'server' });
  await untilListening(plain, started);
  return {
    ...{ name: 'nginx', version, pid: started.pid, child: started.child },
    url: (door, object) => {
      if (door === 'tls' && !setup.certificate) return { missing: 'openssl made no certificate' };
      return `${door === 'tls' ? 'https' : 'http'}://127.0.0.1:${ports[door]}/${BUCKET}/${PREFIX}${object}`;
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

export function nginxConfig({ folder, originPort, certificate }: ServerSetup, ports: Ports): string {
  const server = (listen: string, lines: readonly string[]) => `
  server {
    listen 127.0.0.1:${listen};
    ${lines.join('\n    ')}
    location / { proxy_pass http://origin; }
  }`;
  const tlsLines = certificate && [
    `ssl_certificate ${certificate.certFile};`,
    `ssl_certificate_key ${certificate.keyFile};`,
    'ssl_protocols TLSv1.3;',
    'ssl_session_cache shared:tls:1m;',
    'tcp_nopush on;',
  ];
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log stderr error;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 9000; }
http {
  access_log off;
  default_type video/mp4;
  sendfile on;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 128;
  open_file_cache max=20000 inactive=3600s;
  open_file_cache_valid 3600s;
  open_file_cache_min_uses 1;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=edge:64m max_size=8g inactive=1d use_temp_path=off;
  proxy_cache edge;
  proxy_cache_key $uri;
  proxy_cache_lock on;
  proxy_cache_revalidate on;
  proxy_cache_background_update on;
  proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
  proxy_connect_timeout 1s;
  proxy_read_timeout ${ORIGIN_TIMEOUT_MS}ms;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  upstream origin { server 127.0.0.1:${originPort} max_fails=0; keepalive 32; }
${server(String(ports.plain), ['tcp_nopush on;'])}
${server(String(ports.ranges), ['tcp_nopush off;'])}
${tlsLines ? server(`${ports.tls} ssl http2`, tlsLines) : ''}
}
`;
}
