/**
 * `npm run bench -- edge-soak`: our edge for ten minutes at 80 % of what it can do, with more objects than its
 * memory holds, so that it evicts and reads its disk tier all the time. Memory is told for each minute.
 */
import { type BenchOptions, type BenchResult, row } from '../rows.ts';
import { openLab } from './lab.ts';
import { burst, type Load } from './load.ts';
import { chooseCongestionControl, describeMachine } from './machine.ts';
import { objectName } from './object-names.ts';
import { residentMb } from './process-cost.ts';
import { warm } from './warm.ts';

const MEBIBYTE = 1024 * 1024;
const SIZES = { memoryBytes: 128 * MEBIBYTE, diskBytes: 1024 * MEBIBYTE };
const SMALL = 2000;
const SEGMENTS = 200;
/** Small requests for one of a segment, as playlists, keys and audio come beside video. */
const SMALL_PER_SEGMENT = 10;
const SHARE = 0.8;
const CONNECTIONS = 64;

export async function runSoak(
  options: BenchOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchResult> {
  const congestion = chooseCongestionControl();
  await using lab = await openLab(options, signal);
  const server = await lab.openServer('ours', SIZES);
  if ('missing' in server) throw new Error(server.missing);
  await using edge = server;
  const urls = soakUrls((object) => edge.url('plain', object) as string);
  await warm([...new Set(urls)], 2);
  const load: Load = { client: 'h1', urls, connections: CONNECTIONS, seconds: options.quick ? 2 : 10 };
  const { perSecond } = await burst(edge, load);
  const rate = perSecond * SHARE;
  say(`capacity ${Math.round(perSecond)}/s; ${options.minutes} minutes at ${Math.round(rate)}/s`);
  const residents = [residentMb(edge.pid)];
  const legSeconds = Math.min(60, Math.max(1, Math.round(options.minutes * 60)));
  let errors = 0;
  let requests = 0;
  for (let minute = 1; minute <= Math.ceil((options.minutes * 60) / legSeconds); minute++) {
    const sample = await burst(edge, { ...load, rate, seconds: legSeconds });
    errors += sample.errors;
    requests += sample.requests;
    residents.push(residentMb(edge.pid));
    say(
      `minute ${minute}: ${Math.round(sample.perSecond)}/s, ${sample.errors} errors, ` +
        `p50/p99 ${sample.p50Ms?.toFixed(2)}/${sample.p99Ms?.toFixed(2)} ms, ${residents.at(-1)?.toFixed(0)} MB`,
    );
  }
  const highest = Math.max(...residents);
  // The first minute still fills what is used from then on.
  const settled = residents[1] ?? Number.NaN;
  return {
    rows: [
      row('soak: errors', '= 0', { ours: errors, peer: null, value: errors }),
      row('soak: memory at the end beside that after a minute', '<= 1.1 x', {
        ...{ ours: `${residents.at(-1)?.toFixed(0)} MB`, peer: null },
        value: (residents.at(-1) ?? Number.NaN) / settled,
      }),
      row('soak: highest resident memory, MB above the memory tier', '<= 150 MB', {
        ...{ ours: `${highest.toFixed(0)} in all`, peer: null },
        value: highest - SIZES.memoryBytes / 1e6,
      }),
    ],
    notes: [
      `${requests} requests at ${Math.round(rate)}/s, ${Math.round(SHARE * 100)} % of what was measured before`,
      `MB resident at the start and after each minute: ${residents.map((mb) => mb.toFixed(0)).join(', ')}`,
      '',
      ...describeMachine(congestion),
    ],
  };
}

/** One round of requests; the client goes through it again and again. */
export function soakUrls(url: (object: string) => string): string[] {
  const urls: string[] = [];
  for (let i = 0; i < SMALL; i++) {
    urls.push(url(objectName(10 * 1024, i)));
    if (i % SMALL_PER_SEGMENT === 0) {
      urls.push(url(objectName(MEBIBYTE, (i / SMALL_PER_SEGMENT) % SEGMENTS)));
    }
  }
  return urls;
}
