/**
 * The disk tier: many objects of 1 MB on a server whose memory holds few of them, their files in the page cache.
 * What counts is processor time, since files of that size leave the client behind.
 */
import { type BenchRow, missingRow } from '../rows.ts';
import { type Contender, describeSamples, ratioRow, runRounds } from './compare.ts';
import type { Lab } from './lab.ts';
import { objectName } from './object-names.ts';
import type { ServerName } from './server.ts';
import { warm } from './warm.ts';

const MEBIBYTE = 1024 * 1024;
const OBJECTS = 1024;
const OBJECTS_QUICK = 128;
const SIZES = { memoryBytes: 16 * MEBIBYTE, diskBytes: 3072 * MEBIBYTE };

export async function measureDisk(lab: Lab): Promise<BenchRow[]> {
  const count = lab.options.quick ? OBJECTS_QUICK : OBJECTS;
  const work = `disk tier, ${count} objects of 1 MB, us CPU/MB`;
  const goal = '<= 1.1 x nginx';
  await using parts = new AsyncDisposableStack();
  const contenders: Contender[] = [];
  for (const name of ['ours', 'nginx'] as const satisfies ServerName[]) {
    const server = await lab.openServer(name, SIZES);
    if ('missing' in server)
      return [missingRow(work, goal, name === 'ours' ? 'ours' : 'peer', server.missing)];
    parts.use(server);
    const objects = Array.from({ length: count }, (_, index) => objectName(MEBIBYTE, index));
    const urls = objects.map((object) => server.url('plain', object) as string);
    await warm(urls);
    contenders.push({ server, load: { client: 'sink', connections: 16, urls, seconds: lab.burstS } });
  }
  const samples = await runRounds(lab, contenders);
  lab.notes.push(...describeSamples(`${work} [disk]`, samples));
  return [ratioRow(work, goal, 'us CPU/MB', samples.get('ours') ?? [], samples.get('nginx') ?? [])];
}
