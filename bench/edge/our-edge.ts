/**
 * A program: one edge of ours as an operator's process runs it, with the defaults of `EDGE_LIMITS`, a steering that
 * knows one token key, and a token that opens the benchmark's objects. What it sends once it is ready is
 * `OurEdgeReady`.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SteeringClient } from '../../src/clients/steering.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLog } from '../../src/platform/log.ts';
import type { EdgeConfig } from '../../src/services/edge/config.ts';
import { openEdgeNode } from '../../src/services/edge/edge-node.ts';
import { BUCKET, PREFIX } from './object-names.ts';
import { ORIGIN_TIMEOUT_MS, type ServerSetup } from './server.ts';

export type OurEdgeReady = { url: string; tlsUrl?: string; token: string };

const TOKEN_LIFE_S = 86_400;

const setup = JSON.parse(process.argv[2] ?? '{}') as ServerSetup;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = { id: 'bench', publicKey: (publicKey.export({ format: 'jwk' }) as { x: string }).x };
const steering: SteeringClient = {
  registerEdge: async () => ({ tokenKeys: [key], heartbeatMs: 2000 }),
  rankEdges: async () => ({ edges: [] }),
  announceFill: async () => ({}),
  findFillPeers: async () => ({ peers: [], token: '' }),
  takeFillPlan: async () => ({ version: 1, titles: [] }),
  // There are none, and the edge asks again after the wait.
  takeOrders: async ({ query }, signal) => {
    if (Number(query?.after) >= 0)
      await sleep(Number(query?.waitMs), undefined, { ...(signal ? { signal } : {}) });
    return { orders: [], latest: 0, hasGap: false };
  },
};
const log = createLog({ level: 'warn', format: 'json', write: (line) => process.stderr.write(line) });
const edge = await openEdgeNode({ steering, clock: systemClock, log }, config(setup));

for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(signal, () => void edge.close().finally(() => process.exit(0)));
}
while (!edge.health().ready) await sleep(5);
const { plainUrl: url, secureUrl } = edge;
process.send?.({ url, ...(secureUrl ? { tlsUrl: secureUrl } : {}), token: token() } satisfies OurEdgeReady);

function config({ originPort, folder, memoryBytes, diskBytes, certificate }: ServerSetup): EdgeConfig {
  const plain: EdgeConfig = {
    name: 'edge-bench',
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'http://127.0.0.1:0',
    region: 'local',
    folder,
    memoryBytes,
    diskBytes,
    originTimeoutMs: ORIGIN_TIMEOUT_MS,
    origin: {
      baseUrl: `http://127.0.0.1:${originPort}`,
      bucket: BUCKET,
      region: 'us-east-1',
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    },
  };
  const publicUrl = 'https://127.0.0.1:0';
  return certificate ? { ...plain, tls: { ...certificate, port: 0, publicUrl } } : plain;
}

/** As contracts/edge-token.ts describes it. */
function token(): string {
  const expiresS = Math.floor(Date.now() / 1000) + TOKEN_LIFE_S;
  const payload = Buffer.from(JSON.stringify([1, key.id, PREFIX, 'bench', expiresS])).toString('base64url');
  return `${payload}.${sign(null, Buffer.from(payload), privateKey).toString('base64url')}`;
}
