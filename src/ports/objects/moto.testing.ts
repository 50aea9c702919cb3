/** For tests only: starts `moto_server`, a stand-in for Amazon's services, on a free port of loopback. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Moto = { endpoint: string; stop(): Promise<void> };

const START_LIMIT_MS = 30_000;

/** Why moto cannot run here, or undefined when it can. */
export function motoMissing(): string | undefined {
  const found = spawnSync('moto_server', ['--help'], { stdio: 'ignore', timeout: START_LIMIT_MS });
  return found.status === 0 ? undefined : 'moto_server is not installed (pip install "moto[server]")';
}

export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await waitForAnswer(endpoint, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

async function waitForAnswer(endpoint: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + START_LIMIT_MS;
  let last: unknown;
  while (Date.now() < end && child.exitCode === null) {
    try {
      const reply = await fetch(`${endpoint}/moto-api/data.json`, { signal: AbortSignal.timeout(5000) });
      await reply.arrayBuffer();
      if (reply.ok) return;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error('moto_server did not answer', { cause: last });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
