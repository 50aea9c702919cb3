/** Whether the cost of a 10 KB hit grows with the number of connections or of objects, ours and nginx's. */
import { type BenchRow, median, missingRow, row } from '../rows.ts';
import { type Contender, describeSamples, runRounds, type Samples } from './compare.ts';
import type { Lab } from './lab.ts';
import type { Load } from './load.ts';
import { objectName } from './object-names.ts';
import type { BenchServer } from './server.ts';
import { warm } from './warm.ts';

const SIZE = 10 * 1024;
const CONNECTIONS: readonly number[] = [1, 16, 256, 2048];
const CONNECTIONS_QUICK: readonly number[] = [16, 2048];
const USUAL_CONNECTIONS = 16;
const OBJECTS = 500;
const OBJECTS_QUICK = 50;

/** One connection is another matter: with nothing waiting, each request pays for waking the server. */
const NO_GOAL = 'report';
const GROWTH_GOAL = '<= 1.2 x';

export async function measureConnections(lab: Lab): Promise<BenchRow[]> {
  const found = new Map<number, Samples>();
  const servers = await openBoth(lab);
  const title = (connections: number) => `10 KB hit, ${connections} connections, us CPU/request`;
  if ('missing' in servers) return [missingRow(title(16), GROWTH_GOAL, servers.side, servers.missing)];
  const counts = lab.options.quick ? CONNECTIONS_QUICK : CONNECTIONS;
  for (const connections of counts) {
    found.set(connections, await measure(lab, servers.both, 1, { connections }, title(connections)));
  }
  const usual = cost(found.get(USUAL_CONNECTIONS));
  return counts
    .filter((connections) => connections !== USUAL_CONNECTIONS)
    .map((connections) => {
      const goal = connections > USUAL_CONNECTIONS ? `${GROWTH_GOAL} that of 16` : NO_GOAL;
      const { ours, peer } = cost(found.get(connections));
      return row(title(connections), goal, { ours, peer, value: ours / usual.ours });
    });
}

export async function measureObjects(lab: Lab): Promise<BenchRow[]> {
  const few = lab.options.quick ? OBJECTS_QUICK : OBJECTS;
  const many = few * 10;
  const goal = `${GROWTH_GOAL} that of ${few} objects`;
  const title = (count: number) => `10 KB hits on ${count} objects, us CPU/request`;
  const servers = await openBoth(lab);
  if ('missing' in servers) return [missingRow(title(many), goal, servers.side, servers.missing)];
  const load = { connections: USUAL_CONNECTIONS };
  const before = cost(await measure(lab, servers.both, few, load, title(few)));
  const { ours, peer } = cost(await measure(lab, servers.both, many, load, title(many)));
  return [row(title(many), goal, { ours, peer, value: ours / before.ours })];
}

type Both = { both: BenchServer[] } | { missing: string; side: 'ours' | 'peer' };

async function openBoth(lab: Lab): Promise<Both> {
  const ours = await lab.server('ours');
  if ('missing' in ours) return { ...ours, side: 'ours' };
  const nginx = await lab.server('nginx');
  return 'missing' in nginx ? { ...nginx, side: 'peer' } : { both: [ours, nginx] };
}

async function measure(
  lab: Lab,
  servers: readonly BenchServer[],
  objects: number,
  load: Pick<Load, 'connections'>,
  title: string,
): Promise<Samples> {
  const names = Array.from({ length: objects }, (_, index) => objectName(SIZE, index));
  const contenders: Contender[] = [];
  for (const server of servers) {
    const urls = names.map((name) => server.url('plain', name) as string);
    await warm(urls);
    contenders.push({ server, load: { ...load, client: 'wrk', urls, seconds: lab.burstS } });
  }
  const samples = await runRounds(lab, contenders);
  lab.notes.push(...describeSamples(title, samples));
  return samples;
}

function cost(samples: Samples | undefined): { ours: number; peer: number } {
  const of = (name: 'ours' | 'nginx') => median((samples?.get(name) ?? []).map(({ cpuUs }) => cpuUs));
  return { ours: of('ours'), peer: of('nginx') };
}
