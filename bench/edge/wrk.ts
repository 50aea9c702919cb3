/** wrk as a client: small replies over plain HTTP/1.1, each connection asking again as soon as it was answered. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Load, Seen } from './load.ts';
import { runToEnd } from './processes.ts';

export async function runWrk({ urls, connections, seconds, headers = {} }: Load): Promise<Seen> {
  const wholeSeconds = Math.max(1, Math.round(seconds));
  const [url = ''] = urls;
  const folder = urls.length > 1 ? await mkdtemp(join(tmpdir(), 'matinee-wrk-')) : undefined;
  const script = folder ? ['-s', join(folder, 'paths.lua')] : [];
  if (folder) await writeFile(join(folder, 'paths.lua'), wrkScript(urls));
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const amount = [`-t1`, `-c${connections}`, `-d${wholeSeconds}s`, '--timeout', '10s', '--latency'];
  try {
    const out = await runToEnd(
      ['wrk', ...amount, ...fields, ...script, url],
      'client',
      wholeSeconds * 1000 + 15_000,
    );
    return parseWrk(out);
  } finally {
    if (folder) await rm(folder, { recursive: true });
  }
}

/** Requests are built once, so that asking for many objects costs the client little. */
export function wrkScript(urls: readonly string[]): string {
  const paths = urls.map((url) => `  ${JSON.stringify(new URL(url).pathname)},`).join('\n');
  return `local paths = {
${paths}
}
local requests = {}
local at = 0
function init()
  for i, path in ipairs(paths) do requests[i] = wrk.format('GET', path) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`;
}

export function parseWrk(out: string): Seen {
  const [, requests, seconds, bytes, unit] =
    /(\d+) requests in ([\d.]+(?:us|ms|s|m|h)), ([\d.]+)([KMGT]?)B read/.exec(out) ?? [];
  if (requests === undefined) throw new Error(`wrk said nothing that can be read: ${out.slice(-300)}`);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(out) ?? [];
  const status = /Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0;
  const scale = 1024 ** ' KMGT'.indexOf(unit || ' ');
  return {
    requests: Number(requests),
    seconds: milliseconds(seconds) / 1000,
    bytes: Number(bytes) * scale,
    errors: socket.slice(1).reduce((sum, count) => sum + Number(count), Number(status)),
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(out)?.[1]),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(out)?.[1]),
  };
}

const UNITS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function milliseconds(text = ''): number {
  const [, value, unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Number(value) * (UNITS[unit] ?? Number.NaN);
}
