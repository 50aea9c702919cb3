/**
 * Where each service can be called: in this process, at an address from MATINEE_PEERS, or at the address that a
 * process on the same data folder has written down. Also the secret that services show each other.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { httpTransport, inProcessTransport } from './clients/client.ts';
import type { Transport } from './contracts/call.ts';
import { MatineeError, systemCode } from './platform/errors.ts';
import { createFileOnce, writeFileAtomic } from './platform/files.ts';
import type { Service } from './platform/service.ts';
import type { Settings } from './settings.ts';

const SECRET_CHARS_MIN = 32;

export type Directory = {
  readonly secret: string;
  /** Registers a service of this process. */
  add(service: Service): void;
  local(name: string): Service | undefined;
  /** Calls the service wherever it is; looked up anew at each call, for a peer may come back elsewhere. */
  transport(name: string): Transport;
  /** The base address of a service in another process, or undefined while none is known. */
  address(name: string): Promise<string | undefined>;
  /** Writes down where the services of this process answer. */
  announce(url: string, names: readonly string[]): Promise<void>;
  /** Whether a request carries the secret. Takes the same time for every wrong one. */
  isTrusted(request: Request): boolean;
};

export async function openDirectory(folder: string, settings: Settings): Promise<Directory> {
  const secret = await serviceSecret(folder, settings.MATINEE_SERVICE_SECRET);
  const expected = digest(`Bearer ${secret}`);
  const services = new Map<string, Service>();

  const address = async (name: string) => {
    const peer = settings.MATINEE_PEERS[name];
    if (peer !== undefined) return peer;
    try {
      return (JSON.parse(await readFile(join(folder, 'run', `${name}.json`), 'utf8')) as { url: string }).url;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  };
  const find = (name: string) => {
    const service = services.get(name);
    if (!service) throw new MatineeError('unavailable', `${name} is not ready yet`);
    return service;
  };
  return {
    secret,
    add: (service) => void services.set(service.name, service),
    local: (name) => services.get(name),
    transport: (name) => {
      const local = inProcessTransport(() => find(name));
      return async (path, init) => {
        if (services.has(name)) return local(path, init);
        const url = await address(name);
        if (url === undefined) throw new MatineeError('unavailable', `nothing says where ${name} runs`);
        return httpTransport(url, secret)(path, init);
      };
    },
    address,
    announce: async (url, names) => {
      const entry = JSON.stringify({ url, pid: process.pid });
      for (const name of names) await writeFileAtomic(join(folder, 'run', `${name}.json`), entry, 0o600);
    },
    isTrusted: (request) => {
      const header = request.headers.get('authorization');
      return header !== null && timingSafeEqual(digest(header), expected);
    },
  };
}

async function serviceSecret(folder: string, given: string): Promise<string> {
  if (given !== '') {
    if (given.length >= SECRET_CHARS_MIN) return given;
    throw new MatineeError(
      'invalid_config',
      `MATINEE_SERVICE_SECRET has fewer than ${SECRET_CHARS_MIN} characters`,
    );
  }
  const fresh = randomBytes(32).toString('base64url');
  return createFileOnce(join(folder, 'secrets', 'service'), fresh, 0o600);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
