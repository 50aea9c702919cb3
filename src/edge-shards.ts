/**
 * How the processes of one edge divide it: their folders, their sockets, and their shares of its sizes. Throws
 * invalid_config where several processes cannot share a port.
 */
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { MatineeError } from './platform/errors.ts';
import type { ShardConfig } from './services/edge/config.ts';
import { SHARDS_MAX, type ShardPlace } from './services/edge/shards/ownership.ts';
import type { Settings } from './settings.ts';

const MEMORY_MB_MIN = 8;
const SHARD_FOLDER = /^shard-\d+-of-\d+$/;

export function shardCount(settings: Settings, platform: string = process.platform): number {
  const wanted = settings.MATINEE_EDGE_SHARDS || availableParallelism();
  const count = Math.min(wanted, SHARDS_MAX);
  if (count === 1) return 1;
  if (platform !== 'linux') {
    throw new MatineeError('invalid_config', 'MATINEE_EDGE_SHARDS: processes share a port on Linux alone');
  }
  if ([...settings.MATINEE_EDGE_PORTS, ...settings.MATINEE_EDGE_TLS_PORTS].includes(0)) {
    const why = 'an edge of several processes needs ports that are not 0';
    throw new MatineeError('invalid_config', `MATINEE_EDGE_SHARDS: ${why}`);
  }
  if (settings.MATINEE_EDGE_MEMORY_MB / count < MEMORY_MB_MIN) {
    const why = `each of ${count} shards needs ${MEMORY_MB_MIN} MiB`;
    throw new MatineeError('invalid_config', `MATINEE_EDGE_MEMORY_MB: ${why}`);
  }
  checkMetricsPorts(settings.MATINEE_EDGE_METRICS_PORTS, count);
  return count;
}

/** Each process shows its own metrics, at the port of its edge and those that follow. */
function checkMetricsPorts(ports: readonly number[], count: number): void {
  const sorted = [...ports].sort((a, b) => a - b);
  if (sorted.every((port, at) => at === 0 || port - (sorted[at - 1] as number) >= count)) return;
  const why = `with ${count} shards each edge takes ${count} ports from the one named on`;
  throw new MatineeError('invalid_config', `MATINEE_EDGE_METRICS_PORTS: ${why}`);
}

/** `folder` is the edge's. One process has it all for itself. */
export function shardFolder(folder: string, { index, count }: ShardPlace): string {
  return count === 1 ? folder : join(folder, `shard-${index + 1}-of-${count}`);
}

export function shardConfig(folder: string, { index, count }: ShardPlace, secret: string): ShardConfig {
  // In Linux's abstract namespace no file is left behind; who may ask is told by the secret.
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  const all = Array.from({ length: count }, (_, at) => at);
  return {
    ...{ index, count, secret },
    folders: all.map((at) => shardFolder(folder, { index: at, count })),
    sockets: all.map((at) => `\0matinee-${id}-${at + 1}-of-${count}`),
  };
}

/** Removes the files of another number of shards: an object may have another owner now. */
export async function removeOtherShards(folder: string, count: number): Promise<void> {
  const kept = new Set(Array.from({ length: count }, (_, index) => shardFolder(folder, { index, count })));
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry);
    const isOther = SHARD_FOLDER.test(entry) ? !kept.has(path) : entry === 'objects' && count > 1;
    if (isOther) await rm(path, { recursive: true, force: true });
  }
}
