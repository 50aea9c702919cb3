/** What an edge node is told at its start, and the bounds that it keeps. No behaviour here. */
import type { SteeringClient } from '../../clients/steering.ts';
import type { Site } from '../../contracts/sites.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { CertificateFiles } from './certificate.ts';
import type { ProactiveFillOptions } from './proactive-fill/proactive-fill.ts';
import type { CountryRuleOptions } from './security/geo.ts';
import type { TelemetryConfig } from './telemetry/open-telemetry.ts';

export type EdgeDeps = { steering: SteeringClient; clock: Clock; log: Log };

export type EdgeOrigin = {
  /** Scheme, host and port of the S3 door, with no path. */
  baseUrl: string;
  bucket: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** Other ways to the same bucket, as `baseUrl`, in the order in which they are tried before it. */
  preferred?: readonly string[];
};

export type EdgeConfig = {
  name: string;
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** What viewers reach this edge by; a port 0 in it is replaced by the port that was taken. */
  publicUrl: string;
  region: string;
  /** The disk tier and nothing else; it may be deleted while the edge is stopped. */
  folder: string;
  memoryBytes: number;
  /** 0 goes without a disk tier. */
  diskBytes: number;
  origin: EdgeOrigin;
  /** Encrypted HTTP/1.1 and HTTP/2 on a port of its own; viewers are then sent there. */
  tls?: CertificateFiles & {
    /** 0 takes any free port. */
    readonly port: number;
    /** As `publicUrl`. */
    readonly publicUrl: string;
  };
  /** What this edge fronts besides films, until steering tells. */
  sites?: readonly Site[];
  /** What this edge shows origins that it reaches by HTTPS, and whose certificates it trusts besides the usual ones. */
  originTls?: Partial<CertificateFiles> & { readonly caFile?: string };
  /** An edge to fetch through before the origin is asked; by scheme, host and port. */
  shieldUrl?: string;
  /** What edges of an installation show each other. Without it this edge is nobody's shield. */
  shieldSecret?: string;
  /** When several processes are this edge. */
  shard?: ShardConfig;
  /** How long the origin may take until the first byte of a reply. */
  originTimeoutMs: number;
  /** Proxies in front of this edge, as addresses and CIDR blocks, and the field that they write. */
  trustedProxies?: { readonly blocks: readonly string[]; readonly field: 'x-forwarded-for' | 'forwarded' };
  /** A file in MaxMind's format that tells countries. */
  countryFile?: string;
  /** Countries that films may be watched in. */
  countries?: CountryRuleOptions;
  /** Requests for films in a second, of one client address and of one session; 0 sets no limit. */
  rates?: { readonly clientPerS: number; readonly sessionPerS: number };
  /** Nothing is fetched before it is asked for when it is absent. */
  proactiveFill?: ProactiveFillOptions;
  telemetry?: TelemetryConfig;
  limits?: Partial<EdgeLimits>;
};

/** One of the processes that share the port of an edge. Sizes of tiers are those of this one alone. */
export type ShardConfig = {
  /** From 0 on, and how many there are. */
  readonly index: number;
  readonly count: number;
  /** Of every shard, by index: its folder, and the Unix socket at which the others ask it. */
  readonly folders: readonly string[];
  readonly sockets: readonly string[];
  /** What shards show each other. */
  readonly secret: string;
};

export type EdgeLimits = typeof EDGE_LIMITS;

/** Every bound of an edge with its default. */
export const EDGE_LIMITS = {
  connectionsMax: 10_000,
  /** From the first byte of a request's head to its last. */
  headMs: 10_000,
  /** Between two requests of one connection, and before the first. */
  idleMs: 30_000,
  /** The whole body of a request, which nothing here needs; a longer one is refused. */
  bodyBytesMax: 64 * 1024,
  /** The whole body of a request to a site, which is held until it can be sent on. */
  siteBodyBytesMax: 1024 * 1024,
  /** How long it is remembered that a site's response is not for all. */
  privateMs: 10_000,
  privateMax: 10_000,
  /** Idle connections to origins of sites are closed after this long. */
  siteIdleMs: 10_000,
  /** How often certificate files are looked at. */
  certificateMs: 10_000,
  /** How long a request for orders waits at steering, and the pause after one that failed. */
  ordersWaitMs: 20_000,
  ordersRetryMs: 1000,
  /** Behind a shield an order is carried out a second time after this long. */
  ordersEchoMs: 2000,
  /** How long one write of at most `WRITE_BYTES` may wait for a slow reader. */
  writeStallMs: 30_000,
  /** How long a refused connection is still read, so that the client sees the reply and not a reset. */
  lingerMs: 1000,
  /** How often deadlines of connections are looked at. */
  sweepMs: 250,
  /** How long open replies may go on after `close`. */
  drainMs: 4500,
  /** How long a heartbeat to steering may take. */
  heartbeatMs: 2000,
  /** How long a viewer waits for the origin while a stale copy is at hand. */
  staleWaitMs: 200,
  /** While the origin is away, stale copies are served at once and it is asked again this often. */
  probeEveryMs: 1000,
  connectMs: 1000,
  /** A way to the origin that is silent for so long gets help from the next, for this share of requests at most. */
  hedgeMs: 300,
  hedgeShare: 0.05,
  /** How often ways to the origin that failed are looked at. */
  linkCheckMs: 1000,
  /** Between two pieces of a body from the origin. */
  originIdleMs: 10_000,
  /** What replies to slow readers may hold in memory besides the memory tier. */
  pinnedBytesMax: 512 * 1024 * 1024,
  originFetchesMax: 32,
  originQueueMax: 512,
  originQueueMs: 5000,
  tokensMax: 10_000,
  signaturesMax: 10_000,
  /** Clients and sessions that are counted one by one. */
  rateKeysMax: 50_000,
  targetsMax: 8192,
  diskReadsMax: 32,
  diskReadsWaitingMax: 1024,
  /** A read from the disk tier that takes longer counts as a miss. */
  diskReadMs: 1000,
  /** How long the disk tier rests after the disk was full, broken or slow. */
  diskRestMs: 10_000,
  /** Bodies on their way to the disk; more are not written. */
  diskQueueBytes: 32 * 1024 * 1024,
};

/** Objects up to this size are fetched and kept whole. */
export const WHOLE_BYTES_MAX = 4 * 1024 * 1024;
/** Larger objects are fetched and kept in slices of this size. */
export const SLICE_BYTES = 1024 * 1024;
/** Up to this size, head and body leave in one write from one buffer. */
export const JOINED_BYTES_MAX = 64 * 1024;
/** A part of a body up to this size is copied behind its head, so that both leave in one write. */
export const COPIED_BYTES_MAX = 16 * 1024;
/** Files with bodies from this size on are kept open, for the kernel to send from. */
export const SPLICE_BYTES_MIN = 64 * 1024;
/** From this size on it pays to have the kernel send a part of one. */
export const SPLICED_BYTES_MIN = 48 * 1024;
/** Larger bodies are written in pieces of this size, each waiting for the reader. */
export const WRITE_BYTES = 256 * 1024;
