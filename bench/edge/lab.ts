/** What all works of one run share: the origin, the servers, how long to measure, and the notes they leave. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../rows.ts';
import { makeCertificate } from './certificate.ts';
import { hasTool, type Tool, versionOf, whyMissing } from './machine.ts';
import { openNginx } from './nginx.ts';
import { type BenchOrigin, openOrigin } from './origin-process.ts';
import { openOurs } from './ours.ts';
import type { BenchServer, ServerName, ServerSetup } from './server.ts';
import { openTrafficServer } from './traffic-server.ts';
import { openVarnish } from './varnish.ts';

export type Missing = { missing: string };
export type Sizes = { memoryBytes: number; diskBytes: number };

export type Lab = AsyncDisposable & {
  readonly options: BenchOptions;
  readonly burstS: number;
  readonly rounds: number;
  readonly origin: BenchOrigin;
  readonly notes: string[];
  /** A number for an object that no server has met. */
  freshIndex(): number;
  /** True the first time it is called for a name. */
  isFirstUse(name: string): boolean;
  /** The server that most works share, started when first asked for. */
  server(name: ServerName): Promise<BenchServer | Missing>;
  /** One more of a kind, with sizes of its own; the caller may end it before the lab does. */
  openServer(name: ServerName, sizes: Sizes): Promise<BenchServer | Missing>;
};

const MEBIBYTE = 1024 * 1024;
const SIZES: Sizes = { memoryBytes: 512 * MEBIBYTE, diskBytes: 2048 * MEBIBYTE };

type Peer = { tool: Tool; open(setup: ServerSetup, version: string): Promise<BenchServer> };
const PEERS: Partial<Record<ServerName, Peer>> = {
  nginx: { tool: 'nginx', open: openNginx },
  varnish: { tool: 'varnishd', open: openVarnish },
  trafficserver: { tool: 'traffic_server', open: openTrafficServer },
};

/** When the signal aborts, all that the lab started is ended and this program exits. */
export async function openLab(options: BenchOptions, signal: AbortSignal): Promise<Lab> {
  const parts = new AsyncDisposableStack();
  signal.addEventListener('abort', () => void parts.disposeAsync().finally(() => process.exit(130)));
  const root = await mkdtemp(join(tmpdir(), 'matinee-bench-'));
  parts.defer(() => rm(root, { recursive: true, force: true }));
  const certificate = await makeCertificate(root);
  const origin = parts.use(await openOrigin());
  const opened = new Map<ServerName, Promise<BenchServer | Missing>>();
  let folders = 0;
  let lastIndex = 1000;
  const used = new Set<string>();

  const openServer = async (name: ServerName, sizes: Sizes): Promise<BenchServer | Missing> => {
    const folder = join(root, `${name}-${folders++}`);
    await mkdir(folder);
    const server = await openOne(name, { originPort: origin.port, folder, certificate, ...sizes });
    return 'missing' in server ? server : parts.use(server);
  };
  const server = (name: ServerName) => {
    const known = opened.get(name);
    if (known) return known;
    const opening = openServer(name, SIZES);
    opened.set(name, opening);
    return opening;
  };
  return {
    ...{ options, origin, server, openServer, notes: [] },
    freshIndex: () => ++lastIndex,
    isFirstUse: (name) => used.size < used.add(name).size,
    burstS: options.quick ? 1 : 2,
    rounds: options.quick ? 1 : 5,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function openOne(name: ServerName, setup: ServerSetup): Promise<BenchServer | Missing> {
  if (name === 'ours') return openOurs(setup);
  const peer = PEERS[name];
  if (!peer) return { missing: `no such server: ${name}` };
  if (!hasTool(peer.tool)) return { missing: whyMissing(peer.tool) };
  try {
    return await peer.open(setup, versionOf(peer.tool));
  } catch (error) {
    return { missing: `${name} did not start: ${(error as Error).message.slice(0, 300)}` };
  }
}
