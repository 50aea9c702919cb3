/**
 * h2load as a client: TLS with HTTP/1.1 or HTTP/2, and plain HTTP/1.1 at a fixed rate. It tells single latencies
 * only through a log file, which is written for fixed rates alone since it would slow down a full load.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from '../rows.ts';
import type { Load, Seen } from './load.ts';
import { runToEnd } from './processes.ts';

/** Streams of one HTTP/2 connection, and its windows in bits, as a browser that plays would use them. */
const STREAMS = 8;
const WINDOW_BITS = ['-w20', '-W24'];

export async function runH2load({
  client,
  urls,
  connections,
  seconds,
  headers = {},
  rate,
}: Load): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-h2load-'));
  const log = join(folder, 'log');
  const list = join(folder, 'urls');
  await writeFile(list, `${urls.join('\n')}\n`);
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const protocol = client === 'h2-tls' ? [`-m${STREAMS}`, ...WINDOW_BITS] : ['--h1', '-m1'];
  const pace = rate ? [`--rps=${Math.max(1, Math.round(rate / connections))}`, `--log-file=${log}`] : [];
  const amount = ['-t1', `-c${connections}`, `-D${seconds}`];
  try {
    const out = await runToEnd(
      ['h2load', ...amount, ...protocol, ...pace, ...fields, '-i', list],
      'client',
      seconds * 1000 + 20_000,
    );
    const seen = parseH2load(out, seconds);
    return rate ? { ...seen, ...latencies(await readFile(log, 'utf8')) } : seen;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function parseH2load(out: string, seconds: number): Seen {
  const [, succeeded, failed, timeout] =
    /requests: .*?(\d+) succeeded, (\d+) failed, \d+ errored, (\d+) timeout/.exec(out) ?? [];
  const bytes = /traffic: .*?\((\d+)\) total/.exec(out)?.[1];
  if (succeeded === undefined || bytes === undefined) {
    throw new Error(`h2load said nothing that can be read: ${out.slice(-300)}`);
  }
  // What is still under way when the time is over counts as nothing.
  const errors = Number(failed) + Number(timeout);
  return { requests: Number(succeeded), bytes: Number(bytes), seconds, errors };
}

/** Lines of start time, status and duration, both times in microseconds. */
function latencies(log: string): Pick<Seen, 'p50Ms' | 'p99Ms'> {
  const all: number[] = [];
  for (const line of log.split('\n')) {
    const [, status, us] = line.split('\t');
    if (status === '200') all.push(Number(us) / 1000);
  }
  return { p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) };
}
