/** What a benchmark asks of any server it measures, and what all are told alike. No behaviour here. */
import type { ChildProcess } from 'node:child_process';

export const SERVER_NAMES = ['ours', 'nginx', 'varnish', 'trafficserver'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** How long the origin may take until the first byte, for every server. */
export const ORIGIN_TIMEOUT_MS = 2000;

/**
 * The ways in. `ranges` is `plain` but for nginx, whose `tcp_nopush` stalls small ranges by 40 ms; `tls` takes
 * HTTP/1.1 and HTTP/2 as the client negotiates.
 */
export type Door = 'plain' | 'ranges' | 'tls';

export type BenchServer = AsyncDisposable & {
  readonly name: ServerName;
  readonly version: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Where an object of the origin is found, or why this server has no such door. */
  url(door: Door, object: string): string | { missing: string };
};

export type ServerSetup = {
  originPort: number;
  /** An empty folder of its own. */
  folder: string;
  memoryBytes: number;
  diskBytes: number;
  certificate: Certificate | undefined;
};

/** Paths of PEM files. */
export type Certificate = { certFile: string; keyFile: string };
