/** Asks a server for objects until it holds them, and checks that what it answers is what was asked for. */
import { Agent, request } from 'node:http';
import { readObjectName } from './object-names.ts';

/** Once to fetch, and again so that caches that admit by the second request take it too. */
const TIMES = 3;
const AT_ONCE = 8;

export type Reply = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: number;
  firstMs: number;
  totalMs: number;
};

export async function warm(urls: readonly string[], times = TIMES): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    for (let time = 0; time < times; time++) {
      let next = 0;
      const work = async () => {
        for (let url = urls[next++]; url !== undefined; url = urls[next++]) await check(url, agent);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
  } finally {
    agent.destroy();
  }
}

async function check(url: string, agent: Agent): Promise<void> {
  const { status, bytes } = await get(url, { agent });
  if (status !== 200 || bytes !== readObjectName(url)?.size) {
    throw new Error(`warming ${new URL(url).pathname.slice(-60)}: status ${status}, ${bytes} bytes`);
  }
}

/** One GET over plain HTTP, timed; status 0 when there was no reply within the limit. */
export function get(
  url: string,
  options: { agent?: Agent; headers?: Record<string, string>; limitMs?: number } = {},
): Promise<Reply> {
  const { agent, headers = {}, limitMs = 20_000 } = options;
  const startMs = performance.now();
  const since = () => performance.now() - startMs;
  const none = () => ({ status: 0, headers: {}, bytes: 0, firstMs: since(), totalMs: since() });
  return new Promise((resolve) => {
    const asked = request(url, { agent: agent ?? false, headers }, (reply) => {
      const firstMs = since();
      let bytes = 0;
      reply.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      const settle = () => {
        clearTimeout(limit);
        const status = reply.complete ? (reply.statusCode ?? 0) : 0;
        resolve({ status, headers: reply.headers, bytes, firstMs, totalMs: since() });
      };
      reply.once('end', settle);
      reply.once('error', settle);
    });
    const limit = setTimeout(() => asked.destroy(new Error('no reply')), limitMs);
    asked.once('error', () => {
      clearTimeout(limit);
      resolve(none());
    });
    asked.end();
  });
}
