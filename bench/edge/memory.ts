/** Resident memory of an edge whose memory tier is full, after load of all kinds. */
import { type BenchRow, missingRow, row } from '../rows.ts';
import type { Lab } from './lab.ts';
import { burst } from './load.ts';
import { objectName } from './object-names.ts';
import { residentMb } from './process-cost.ts';
import { warm } from './warm.ts';

const MEBIBYTE = 1024 * 1024;
const CACHE_BYTES = 128 * MEBIBYTE;
/** Half as much again as the memory tier holds. */
const SEGMENTS = 192;

export async function measureMemory(lab: Lab): Promise<BenchRow[]> {
  const work = 'resident memory with a full memory tier, MB above its size';
  const goal = '<= 150 MB';
  const server = await lab.openServer('ours', { memoryBytes: CACHE_BYTES, diskBytes: 1024 * MEBIBYTE });
  if ('missing' in server) return [missingRow(work, goal, 'ours', server.missing)];
  await using edge = server;
  const url = (object: string) => edge.url('plain', object) as string;
  const segments = Array.from({ length: SEGMENTS }, (_, index) => url(objectName(MEBIBYTE, index)));
  const small = Array.from({ length: 100 }, (_, index) => url(objectName(10 * 1024, index)));
  await warm([...segments, ...small]);
  const seconds = lab.burstS;
  await burst(edge, { client: 'sink', urls: segments, connections: 16, seconds });
  await burst(edge, { client: 'wrk', urls: small, connections: 256, seconds });
  const residentMegabytes = residentMb(edge.pid);
  const above = residentMegabytes - CACHE_BYTES / 1e6;
  const peer = await lab.server('nginx');
  const peerMb = 'missing' in peer ? peer.missing : `nginx ${residentMb(peer.pid).toFixed(0)} in all`;
  return [row(work, goal, { ours: `${residentMegabytes.toFixed(0)} in all`, peer: peerMb, value: above })];
}
