/**
 * For tests only: a door on a free port over a disk store in a temporary folder, and keys to it. Nothing outside
 * tests may import this.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { openHttpServer } from '../../platform/http.ts';
import { createLog, type Log, silentLog } from '../../platform/log.ts';
import type { Credentials } from '../../platform/sigv4.ts';
import { openDiskObjects } from '../../ports/objects/embedded.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { AccessKeys } from './access-keys.ts';
import { type AccessScope, FULL_ACCESS } from './access-scope.ts';
import { createOriginService } from './service.ts';

export type Door = AsyncDisposable & {
  url: string;
  port: number;
  folder: string;
  objects: ObjectStore;
  credentials: Credentials;
  /** Lets another key in. */
  admit(accessKeyId: string, secret: string, scope: AccessScope): void;
  /** The certificate that clients shall trust, when the door speaks HTTPS. */
  certificateFile?: string;
};

export type Scheme = 'http' | 'https';

export async function openDoor(scheme: Scheme = 'http', log: Log = testLog()): Promise<Door> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-origin-'));
  const objects = await openDiskObjects({ folder: join(folder, 'objects'), clock: systemClock, log });
  const keys = new Map<string, { secret: string; scope: AccessScope }>();
  const credentials = { accessKeyId: 'MTNETESTTESTTESTTEST', secretAccessKey: 'test-secret-of-the-owner' };
  keys.set(credentials.accessKeyId, { secret: credentials.secretAccessKey, scope: FULL_ACCESS });
  const accessKeys: AccessKeys = {
    ensure: async () => credentials,
    find: async (accessKeyId) => keys.get(accessKeyId),
  };
  const service = createOriginService(
    { objects, accessKeys, clock: systemClock, log },
    { region: 'us-east-1', eventQueue: 'object-events', corsOrigins: 'any' },
  );
  const tls = scheme === 'https' ? await makeCertificate(folder) : undefined;
  const server = await openHttpServer({
    host: '127.0.0.1',
    port: 0,
    handle: service.handle,
    health: service.health,
    log,
    drainMs: 200,
    ...(tls ? { tls: { key: tls.key, cert: tls.cert } } : {}),
  });
  return {
    url: server.url,
    port: server.port,
    folder,
    objects,
    credentials,
    admit: (accessKeyId, secret, scope) => void keys.set(accessKeyId, { secret, scope }),
    ...(tls ? { certificateFile: tls.file } : {}),
    async [Symbol.asyncDispose]() {
      await server.close();
      await objects.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One request with nothing added to its URL, trusting the door's own certificate. */
export function requestUrl(
  door: Door,
  url: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  const { method = 'GET', body, headers = {} } = options;
  const ca = door.certificateFile ? readFileSync(door.certificateFile) : undefined;
  const send = url.startsWith('https:') ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers, ca, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece) => pieces.push(piece)).once('error', reject);
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(pieces).toString('utf8'),
        });
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}

/** Why HTTPS cannot be tested here, or false. */
export const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

/** A log of warnings and errors when a test is looked into, else none. */
function testLog(): Log {
  if (!process.env.MATINEE_TEST_LOG) return silentLog;
  return createLog({ level: 'warn', format: 'text', write: (line) => void process.stderr.write(line) });
}

async function makeCertificate(folder: string): Promise<{ key: string; cert: string; file: string }> {
  const [keyFile, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ...['-keyout', keyFile, '-out', file],
  ]);
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(file, 'utf8'), file };
}
