/**
 * Time to first byte while a server does half of what it can: what each can do is measured first. Small replies
 * are paced by h2load, whose replies of 10 KB come in one piece; large ones by the discarding client.
 */
import { type BenchRow, median, missingRow, row } from '../rows.ts';
import type { Lab } from './lab.ts';
import { burst, type Load, type Sample } from './load.ts';
import { objectName } from './object-names.ts';
import type { BenchServer, ServerName } from './server.ts';
import { warm } from './warm.ts';

type HalfLoad = { work: string; size: number; full: Load['client']; paced: Load['client'] };

const HALF_LOADS: readonly HalfLoad[] = [
  { work: '10 KB hits at 50 % load, ms to first byte, p99', size: 10 * 1024, full: 'wrk', paced: 'h1' },
  { work: '1 MB hits at 50 % load, ms to first byte, p99', size: 1024 * 1024, full: 'sink', paced: 'sink' },
];
const CONNECTIONS = 16;
const GOAL = 'report';

export async function measureHalfLoad(lab: Lab): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const halfLoads = lab.options.quick ? HALF_LOADS.slice(0, 1) : HALF_LOADS;
  for (const halfLoad of halfLoads) rows.push(await measureOne(lab, halfLoad));
  return rows;
}

async function measureOne(lab: Lab, halfLoad: HalfLoad): Promise<BenchRow> {
  const { work } = halfLoad;
  const servers: BenchServer[] = [];
  for (const name of ['ours', 'nginx'] as const satisfies ServerName[]) {
    const server = await lab.server(name);
    if ('missing' in server) return missingRow(work, GOAL, name === 'ours' ? 'ours' : 'peer', server.missing);
    servers.push(server);
  }
  const taken = new Map<ServerName, Sample[]>(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < lab.rounds; round++) {
    for (const server of servers) taken.get(server.name)?.push(await atHalf(lab, server, halfLoad));
  }
  const p50 = (name: ServerName) =>
    median((taken.get(name) ?? []).map((s) => s.firstP50Ms ?? s.p50Ms ?? NaN));
  const p99 = (name: ServerName) =>
    median((taken.get(name) ?? []).map((s) => s.firstP99Ms ?? s.p99Ms ?? NaN));
  const rate = (name: ServerName) => Math.round(median((taken.get(name) ?? []).map((s) => s.perSecond)));
  for (const { name } of servers) {
    lab.notes.push(
      `  ${name.padEnd(14)} ${work.slice(0, 22)} (${rate(name)}/s): first byte p50/p99 ${p50(name).toFixed(3)}/${p99(name).toFixed(3)} ms`,
    );
  }
  return row(work, GOAL, { ours: p99('ours'), peer: p99('nginx'), value: p99('ours') / p99('nginx') });
}

async function atHalf(lab: Lab, server: BenchServer, { size, full, paced }: HalfLoad): Promise<Sample> {
  const urls = [server.url('plain', objectName(size)) as string];
  await warm(urls);
  const load = { urls, connections: CONNECTIONS, seconds: lab.burstS };
  const { perSecond } = await burst(server, { ...load, client: full });
  return burst(server, { ...load, client: paced, rate: perSecond / 2 });
}
