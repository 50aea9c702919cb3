/** One burst of load on one server, by whichever client suits, and what it cost the server. */

import { runH2load } from './h2load.ts';
import { cpuSeconds, endedChildrenCpuSeconds } from './process-cost.ts';
import type { BenchServer } from './server.ts';
import { runSink } from './sink-client.ts';
import { runWrk } from './wrk.ts';

export type Load = {
  /** wrk for small replies, sink for large ones in the clear, h2load for TLS and HTTP/2. */
  client: 'wrk' | 'sink' | 'h1-tls' | 'h2-tls' | 'h1';
  urls: readonly string[];
  connections: number;
  seconds: number;
  headers?: Readonly<Record<string, string>>;
  /** Requests a second over all connections; as many as possible without it. */
  rate?: number;
};

/** What a client saw. Latencies it cannot tell are absent. */
export type Seen = {
  requests: number;
  bytes: number;
  seconds: number;
  errors: number;
  /** Share of its processor that the client used, where it tells that itself. */
  clientBusy?: number;
  p50Ms?: number;
  p99Ms?: number;
  /** Of the first byte of replies. */
  firstP50Ms?: number;
  firstP99Ms?: number;
};

export type Sample = Seen & {
  perSecond: number;
  /** Processor time of the server for a request, without the kernel's share that interrupts account for. */
  cpuUs: number;
  cpuUsPerMb: number;
  /** Share of one processor that the server used: far below 1, the client was the limit. */
  busy: number;
  clientBusy: number;
};

export async function burst(server: BenchServer, load: Load): Promise<Sample> {
  const before = cpuSeconds(server.pid);
  const clientBefore = endedChildrenCpuSeconds();
  const seen = await run(load);
  const cpu = cpuSeconds(server.pid) - before;
  const clientCpu = endedChildrenCpuSeconds() - clientBefore;
  return {
    clientBusy: clientCpu / seen.seconds,
    ...seen,
    perSecond: seen.requests / seen.seconds,
    cpuUs: (cpu * 1e6) / seen.requests,
    cpuUsPerMb: (cpu * 1e12) / seen.bytes,
    busy: cpu / seen.seconds,
  };
}

function run(load: Load): Promise<Seen> {
  switch (load.client) {
    case 'wrk':
      return runWrk(load);
    case 'sink':
      return runSink(load);
    default:
      return runH2load(load);
  }
}
