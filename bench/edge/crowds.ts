/** Works in which many clients want one object that no server has yet. */
import { type BenchRow, missingRow, peerText, percentile, row } from '../rows.ts';
import type { HerdOrder, HerdReport } from './herd.ts';
import type { Lab, Missing } from './lab.ts';
import { type Kind, objectName } from './object-names.ts';
import { nextMessage, startProgram } from './processes.ts';
import type { BenchServer, ServerName } from './server.ts';

const MEBIBYTE = 1024 * 1024;
const LIMIT_MS = 20_000;
const PEERS: readonly ServerName[] = ['nginx', 'varnish', 'trafficserver'];
const QUICK_PEERS: readonly ServerName[] = ['varnish'];

type Crowd = HerdReport & { fetches: number };

/** 1,000 clients, one cold object of 1 MB whose body takes a second. */
export function measureTrickle(lab: Lab): Promise<BenchRow[]> {
  return measure(lab, { clients: 1000, kind: 'trickle', size: MEBIBYTE }, [
    { work: '1,000 clients, cold object: origin fetches', goal: '= 1', figure: ({ fetches }) => fetches },
    {
      ...{ work: '1,000 clients, object takes 1,000 ms: first byte, p99 ms', goal: '< 1000 ms' },
      figure: ({ firstsMs }) => percentile(firstsMs, 0.99),
    },
    { work: '1,000 clients, cold object: without a whole 200', goal: '= 0', figure: failures },
  ]);
}

/** 50 clients, one object that nobody may keep or share and whose head takes half a second. */
export function measureNoStore(lab: Lab): Promise<BenchRow[]> {
  return measure(lab, { clients: 50, kind: 'nostore', size: 10_240 }, [
    { work: '50 clients, no-store, 500 ms each: last reply, ms', goal: '<= 1600 ms', figure: lastMs },
    { work: '50 clients, no-store: origin fetches', goal: '= 50', figure: ({ fetches }) => fetches },
    { work: '50 clients, no-store: without a whole 200', goal: '= 0', figure: failures },
  ]);
}

type Judged = { work: string; goal: string; figure: (crowd: Crowd) => number };

async function measure(lab: Lab, wanted: Wanted, judged: readonly Judged[]): Promise<BenchRow[]> {
  const ours = await crowd(lab, 'ours', wanted);
  const peers: [ServerName, Crowd | Missing][] = [];
  for (const name of lab.options.quick ? QUICK_PEERS : PEERS) {
    peers.push([name, await crowd(lab, name, wanted)]);
  }
  return judged.map(({ work, goal, figure }) => {
    const theirs = peers.map(([name, peer]) => peerText(name, 'missing' in peer ? peer : figure(peer)));
    if ('missing' in ours) return missingRow(work, goal, 'ours', ours.missing);
    return row(work, goal, { ours: figure(ours), peer: theirs.join(', '), value: figure(ours) });
  });
}

type Wanted = { clients: number; kind: Kind; size: number };

async function crowd(lab: Lab, name: ServerName, wanted: Wanted): Promise<Crowd | Missing> {
  const server = await lab.server(name);
  if ('missing' in server) return server;
  // Each server has an object of its own, so that the origin's count is that server's.
  const object = objectName(wanted.size, lab.freshIndex(), wanted.kind);
  const report = await sendHerd(server, object, wanted);
  const fetches = await lab.origin.requestsFor(object);
  const ms = (share: number, of: readonly number[]) => percentile(of, share).toFixed(0);
  lab.notes.push(
    `  ${name.padEnd(14)} ${wanted.clients} clients on a ${wanted.kind} object: ${fetches} fetches, ` +
      `first byte p50/p99 ${ms(0.5, report.firstsMs)}/${ms(0.99, report.firstsMs)} ms, ` +
      `whole p50/p99 ${ms(0.5, report.totalsMs)}/${ms(0.99, report.totalsMs)} ms, ` +
      `statuses ${JSON.stringify(report.statuses)}, unanswered ${report.unanswered}`,
  );
  return { ...report, fetches };
}

async function sendHerd(server: BenchServer, object: string, { clients, size }: Wanted): Promise<HerdReport> {
  const { port, pathname } = new URL(server.url('plain', object) as string);
  const order: HerdOrder = {
    ...{ port: Number(port), path: pathname, clients, bodyBytes: size, limitMs: LIMIT_MS },
  };
  await using herd = startProgram(new URL('./herd.ts', import.meta.url), order, 'client');
  return await nextMessage<HerdReport>(herd, LIMIT_MS + 15_000);
}

function lastMs({ totalsMs, unanswered }: Crowd): number {
  return unanswered > 0 ? Number.POSITIVE_INFINITY : Math.max(...totalsMs);
}

function failures({ statuses, unanswered }: Crowd): number {
  const others = Object.entries(statuses).filter(([status]) => status !== '200');
  return others.reduce((sum, [, count]) => sum + count, unanswered);
}
