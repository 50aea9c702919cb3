/** What tests of the edge need: an origin that can misbehave, a steering that can be away, tokens, raw sockets. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SteeringClient } from '../../clients/steering.ts';
import type { EdgeConfigVersion, EdgeOrder } from '../../contracts/edge-control.ts';
import type { FillPeers, FillPlan } from '../../contracts/fill.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { EdgeConfig } from './config.ts';
import { type EdgeNode, openEdgeNode } from './edge-node.ts';

export const PREFIX = 'titles/t1/1/';
export const BUCKET = 'media';

export type OriginObject = { body: Buffer; headers?: Record<string, string> };
export type OriginAct = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An S3-like server over a map. `act` may take a request over by returning true. */
export type FakeOrigin = {
  url: string;
  objects: Map<string, OriginObject>;
  requests: IncomingMessage[];
  act: OriginAct | undefined;
  stop(): Promise<void>;
  start(): Promise<void>;
};

export async function openFakeOrigin(): Promise<FakeOrigin> {
  let server: Server | undefined;
  let port = 0;
  const origin: FakeOrigin = {
    url: '',
    objects: new Map(),
    requests: [],
    act: undefined,
    start: async () => {
      server = createServer((request, response) => {
        origin.requests.push(request);
        if (!origin.act?.(request, response)) answerFromMap(origin.objects, request, response);
      });
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
      origin.url = `http://127.0.0.1:${port}`;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server?.close(resolve));
      server?.closeAllConnections();
      await closed;
    },
  };
  await origin.start();
  return origin;
}

export function originKey(request: IncomingMessage): string {
  return decodeURIComponent((request.url ?? '').slice(BUCKET.length + 2));
}

function answerFromMap(
  objects: ReadonlyMap<string, OriginObject>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const found = objects.get(originKey(request));
  if (!found) {
    response.writeHead(404).end('<Error/>');
    return;
  }
  const { body } = found;
  const headers = { etag: etagOf(body), 'content-type': 'video/mp4', ...found.headers };
  if (request.headers['if-none-match'] === headers.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  if ((request.headers['if-match'] ?? headers.etag) !== headers.etag) {
    response.writeHead(412).end();
    return;
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!range) {
    response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
    return;
  }
  const start = Number(range[1]);
  const end = Math.min(Number(range[2]), body.length - 1);
  if (start >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  const part = body.subarray(start, end + 1);
  const contentRange = `bytes ${start}-${end}/${body.length}`;
  response
    .writeHead(206, { ...headers, 'content-length': part.length, 'content-range': contentRange })
    .end(part);
}

export function etagOf(body: Buffer): string {
  return `"${body.length}-${body.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7) >>> 0}"`;
}

/** Bytes that differ from place to place, the same in every run. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

export type TokenMint = {
  id: string;
  publicKey: string;
  mint(prefix?: string, expiresS?: number, id?: string, session?: string): string;
};

export function createTokenMint(id: string): TokenMint {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = (publicKey.export({ format: 'jwk' }) as { x: string }).x;
  return {
    id,
    publicKey: raw,
    mint: (prefix = PREFIX, expiresS = Math.floor(Date.now() / 1000) + 60, keyId = id, session = 'session') =>
      signedToken(privateKey, [1, keyId, prefix, session, expiresS]),
  };
}

export function signedToken(privateKey: KeyObject, payload: unknown): string {
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

export type Heartbeat = Parameters<SteeringClient['registerEdge']>[0];

export type FakeSteering = {
  client: SteeringClient;
  heard: Heartbeat[];
  keys: Array<{ id: string; publicKey: string }>;
  manifestKeys: Array<{ id: string; publicKey: string }>;
  isAway: boolean;
  heartbeatMs: number;
  orders: EdgeOrder[];
  config: EdgeConfigVersion | undefined;
  plan: FillPlan;
  peers: FillPeers;
};

export function createFakeSteering(...mints: TokenMint[]): FakeSteering {
  const steering: FakeSteering = {
    heard: [],
    keys: mints.map(({ id, publicKey }) => ({ id, publicKey })),
    manifestKeys: [],
    isAway: false,
    heartbeatMs: 2000,
    orders: [],
    config: undefined,
    plan: { version: 1, titles: [] },
    peers: { peers: [], token: '' },
    client: {
      registerEdge: async (call) => {
        if (steering.isAway) throw new Error('steering is away');
        steering.heard.push(call);
        const { keys: tokenKeys, manifestKeys, heartbeatMs } = steering;
        return { tokenKeys, manifestKeys, heartbeatMs };
      },
      announceFill: async () => ({}),
      findFillPeers: async () => steering.peers,
      takeFillPlan: async ({ query }, signal) => {
        for (let i = 0; i < 100 && !signal?.aborted; i++) {
          if (steering.isAway) throw new Error('steering is away');
          if (steering.plan.version !== query?.version) break;
          await sleep(10);
        }
        return steering.plan;
      },
      rankEdges: async () => ({ edges: [] }),
      takeOrders: async ({ query }, signal) => {
        if (steering.isAway) throw new Error('steering is away');
        const news = () => {
          const orders = steering.orders.filter(({ seq }) => seq > Number(query?.after));
          const config = steering.config?.version === query?.config ? undefined : steering.config;
          const latest = steering.orders.at(-1)?.seq ?? 0;
          return { orders, latest, hasGap: false, ...(config ? { config } : {}) };
        };
        for (let i = 0; i < 100 && !signal?.aborted && Number(query?.after) >= 0; i++) {
          const { orders, config } = news();
          if (orders.length > 0 || config) break;
          await sleep(10);
        }
        return news();
      },
    },
  };
  return steering;
}

export type TestEdge = AsyncDisposable & {
  edge: EdgeNode;
  port: number;
  origin: FakeOrigin;
  steering: FakeSteering;
  mint: TokenMint;
  folder: string;
  /** The path of a key, with a good token. */
  path(name: string): string;
  get(name: string, headers?: Record<string, string>): Promise<Response>;
};

export type TestEdgeOptions = Partial<EdgeConfig> & {
  origin?: never;
  isAway?: boolean;
  noKeys?: boolean;
  heartbeatMs?: number;
  preferred?: readonly string[];
};

export async function openTestEdge(
  options: TestEdgeOptions = {},
  shared: Partial<Pick<TestEdge, 'origin' | 'mint' | 'folder'>> = {},
): Promise<TestEdge> {
  const origin = shared.origin ?? (await openFakeOrigin());
  const mint = shared.mint ?? createTokenMint('k1');
  const folder = shared.folder ?? (await mkdtemp(join(tmpdir(), 'edge-')));
  const steering = options.noKeys ? createFakeSteering() : createFakeSteering(mint);
  steering.isAway = options.isAway ?? false;
  steering.heartbeatMs = options.heartbeatMs ?? 2000;
  const {
    isAway: _isAway,
    noKeys: _noKeys,
    heartbeatMs: _heartbeatMs,
    preferred,
    limits,
    ...config
  } = options;
  const edge = await openEdgeNode(
    { steering: steering.client, clock: systemClock, log: silentLog },
    {
      name: 'edge-test',
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'http://127.0.0.1:0',
      region: 'local',
      folder,
      memoryBytes: 64 * 1024 * 1024,
      diskBytes: 64 * 1024 * 1024,
      originTimeoutMs: 1000,
      ...config,
      origin: {
        baseUrl: origin.url,
        bucket: BUCKET,
        region: 'us-east-1',
        credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
        ...(preferred ? { preferred } : {}),
      },
      limits: { sweepMs: 20, drainMs: 500, ...limits },
    },
  );
  if (!options.isAway && !options.noKeys) await until(() => edge.health().ready);
  const token = mint.mint();
  const path = (name: string) => `/${token}/${PREFIX}${name}`;
  return {
    ...{ edge, origin, steering, mint, folder, path, port: Number(new URL(edge.url).port) },
    get: (name, headers = {}) => fetch(edge.url + path(name), { headers }),
    [Symbol.asyncDispose]: async () => {
      await edge.close();
      if (!shared.origin) await origin.stop();
      if (!shared.folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function until(holds: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`did not come true in ${limitMs} ms: ${holds}`);
    await sleep(5);
  }
}

/** A TCP client that keeps all it was sent. */
export type RawClient = { socket: Socket; text(): string; ended: Promise<string> };

export function rawClient(port: number): RawClient {
  const chunks: Buffer[] = [];
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const text = () => Buffer.concat(chunks).toString('latin1');
  socket.on('data', (chunk) => chunks.push(chunk));
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => {
      socket.end();
      resolve(text());
    });
    socket.once('error', () => resolve(text()));
    socket.once('close', () => resolve(text()));
  });
  return { socket, text, ended };
}

/** Sends bytes, and gives back all that comes until the server ends the connection. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  const client = rawClient(port);
  client.socket.write(bytes, 'latin1');
  return client.ended;
}
