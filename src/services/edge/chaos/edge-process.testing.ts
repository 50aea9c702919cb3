/** A program: the edge of the chaos tests, in a process of its own that can be killed. */
import { systemClock } from '../../../platform/clock.ts';
import { createLog } from '../../../platform/log.ts';
import type { EdgeConfig, ShardConfig } from '../config.ts';
import { BUCKET, createFakeSteering, until } from '../edge.testing.ts';
import { openEdgeNode } from '../edge-node.ts';

export type EdgeSetup = {
  readonly port: number;
  readonly originPort: number;
  readonly folder: string;
  readonly key: { readonly id: string; readonly publicKey: string };
  /** The port of the edge to fetch through. */
  readonly shieldPort?: number;
  readonly shard?: ShardConfig;
};

const MEBIBYTE = 1024 * 1024;

const setup = JSON.parse(process.argv[2] as string) as EdgeSetup;
const steering = createFakeSteering();
steering.keys = [setup.key];
// The test hears what the edge warns of, which is how it knows that a fault was felt.
const log = createLog({ level: 'warn', format: 'json', write: (warning) => process.send?.({ warning }) });
const config: EdgeConfig = {
  name: 'edge-chaos',
  host: '127.0.0.1',
  port: setup.port,
  publicUrl: `http://127.0.0.1:${setup.port}`,
  region: 'local',
  folder: setup.folder,
  // Less than is asked for, so that the disk takes part all the time.
  memoryBytes: 12 * MEBIBYTE,
  // All that is asked for, so that what is warm is here for certain.
  diskBytes: 224 * MEBIBYTE,
  originTimeoutMs: 800,
  shieldSecret: 'chaos',
  ...(setup.shard ? { shard: setup.shard } : {}),
  ...(setup.shieldPort ? { shieldUrl: `http://127.0.0.1:${setup.shieldPort}` } : {}),
  origin: {
    baseUrl: `http://127.0.0.1:${setup.originPort}`,
    bucket: BUCKET,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
  },
  // Shorter waits than by default, so that each fault comes, is felt and passes in little time.
  limits: {
    staleWaitMs: 200,
    probeEveryMs: 200,
    linkCheckMs: 200,
    connectMs: 500,
    originIdleMs: 800,
    diskReadMs: 300,
    diskRestMs: 1000,
  },
};
process.on('disconnect', () => process.exit(0));
const edge = await openEdgeNode({ steering: steering.client, clock: systemClock, log }, config);
await until(() => edge.health().ready);
process.send?.({ port: Number(new URL(edge.plainUrl).port) });
