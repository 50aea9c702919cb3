/**
 * An edge: a caching HTTP server near viewers. This file puts its parts together, starts them and ends them; what
 * each part does is in its own file. An edge owns its sockets, since bytes are its job.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { hostInUrl } from '../../platform/http.ts';
import type { Health } from '../../platform/service.ts';
import { Access } from './access.ts';
import { isMeant } from './bans.ts';
import { cacheName } from './cache-status.ts';
import { readCertificate, readOriginTls } from './certificate.ts';
import { EDGE_LIMITS, type EdgeConfig, type EdgeDeps, type EdgeLimits } from './config.ts';
import { Connection } from './connection.ts';
import { openCache, openDisk, openLink } from './edge-parts.ts';
import { Gate } from './gate.ts';
import { openKernel } from './kernel.ts';
import { LentReplies } from './lent-replies.ts';
import type { LinkCounts } from './link-chain.ts';
import { openListener } from './listener.ts';
import { type IsExpected, MemoryTier } from './memory-tier.ts';
import { describeObject, ObjectReplies } from './object-reply.ts';
import { Orders } from './orders.ts';
import { PinnedBytes } from './pinned-bytes.ts';
import { PlayForesight } from './play-foresight.ts';
import { PlayHints } from './play-hints.ts';
import { ManifestKeys } from './proactive-fill/manifest-keys.ts';
import { type ProactiveFill, startProactiveFill } from './proactive-fill/proactive-fill.ts';
import { TitleStreams } from './proactive-fill/title-streams.ts';
import { Registration } from './registration.ts';
import { ReplyWriter } from './reply.ts';
import { Responder } from './responder.ts';
import { openSecureListener } from './secure-listener.ts';
import { openAdmission } from './security/admission.ts';
import { ClientAddresses } from './security/client-address.ts';
import { openCountryDatabase } from './security/geo.ts';
import { openInnerListener } from './shards/inner-listener.ts';
import { openShard } from './shards/open-shards.ts';
import { openSites } from './site/open-sites.ts';
import { type EdgeCounts, EdgeStatistics } from './statistics.ts';
import { openTelemetry } from './telemetry/open-telemetry.ts';
import { TokenVerifier } from './token.ts';

/** Shards hear of an order within moments of each other; one may have asked another just before that one heard. */
const SHARDS_ECHO_MS = 500;

export type EdgeNode = {
  /** What viewers are sent to. */
  readonly url: string;
  /** Where it listens without and with encryption. */
  readonly plainUrl: string;
  readonly secureUrl: string | undefined;
  readonly metricsUrl: string | undefined;
  health(): Health;
  counts(): EdgeCounts;
  /** What each way to the origin carried. */
  links(): LinkCounts[];
  /** Leaves the ranking, lets open replies go on for a while, and closes. Further calls wait for the same end. */
  close(): Promise<void>;
};

export async function openEdgeNode(deps: EdgeDeps, config: EdgeConfig): Promise<EdgeNode> {
  const { steering, clock } = deps;
  const { name } = config;
  // What is wrong with it must be told before anything is open.
  const certificate = config.tls && (await readCertificate(config.tls));
  const originTls = await readOriginTls(config.originTls);
  const log = deps.log.with({ edge: name });
  const limits: EdgeLimits = { ...EDGE_LIMITS, ...config.limits };
  const countries = config.countryFile
    ? await openCountryDatabase(config.countryFile, { clock, log })
    : undefined;
  const seed = randomBytes(4).readInt32LE();
  const { rateKeysMax: keysMax, signaturesMax } = limits;
  const guards = { countries, seed, keysMax, signaturesMax };
  const admission = openAdmission(config, countries, seed, keysMax);
  const addresses = new ClientAddresses({
    trustedProxies: config.trustedProxies?.blocks ?? [],
    field: config.trustedProxies?.field ?? 'x-forwarded-for',
  });
  const statistics = new EdgeStatistics(clock.now());
  const coarse = { nowMs: clock.monotonic() };
  const tokens = new TokenVerifier(limits.tokensMax);
  const manifestKeys = new ManifestKeys();
  const streams = new TitleStreams();
  const access = new Access(tokens, limits.targetsMax, streams);
  const pinned = new PinnedBytes(config.memoryBytes + limits.pinnedBytesMax);
  const kernel = openKernel();
  const orders = await Orders.open({
    ...{ steering, clock, log, name, shard: config.shard },
    file: join(config.folder, 'orders.json'),
    waitMs: limits.ordersWaitMs,
    retryMs: limits.ordersRetryMs,
    echoMs: config.shieldUrl ? limits.ordersEchoMs : config.shard ? SHARDS_ECHO_MS : 0,
  });
  const hints = new PlayHints();
  // Each tier looks as far ahead as its size allows.
  const foresight = (): IsExpected => {
    const tier = new PlayForesight(hints);
    return (place) => tier.isExpected(place, clock.now());
  };
  const disk = openDisk({ clock, log, kernel }, config, limits, orders.bans, foresight());
  const shard =
    config.shard &&
    openShard(
      {
        clock,
        log,
        kernel,
        bans: orders.bans,
        disk,
        doneSeq: () => orders.doneSeq,
        drop: (key) => memory.delete(key),
      },
      ...([config.shard, config.memoryBytes, limits, config.originTimeoutMs] as const),
    );
  const files = shard?.files ?? disk;
  const toOrigin = openLink({ ...deps, log }, config, limits, originTls);
  const link = shard?.link(toOrigin) ?? toOrigin;
  const memory = new MemoryTier(config.memoryBytes, foresight(), (key) => files.touch(key));
  const gate = new Gate({
    runningMax: limits.originFetchesMax,
    waitingMax: limits.originQueueMax,
    waitMs: limits.originQueueMs,
  });
  const parts = { memory, disk, pinned, statistics };
  const cache = openCache({ ...deps, log }, limits, link, {
    ...{ memory, disk: files, pinned, statistics, mayRemember: shard?.mayRemember },
    gateOf: (key) => shard?.gateOf(key, gate) ?? gate,
  });
  const writer = ReplyWriter.forMedia(name);
  const names = { cacheName: cacheName(name), boundary: `matinee-${randomUUID()}` };
  const lent = new LentReplies();
  const siteParts = { clock, log, guards, lent, originTls, gateOf: () => gate, ...parts, ...names };
  const siteList = config.sites ?? orders.config?.sites ?? [];
  let front = await openSites(siteParts, config.name, siteList, limits);

  let registration: Registration | undefined;
  let proactive: ProactiveFill | undefined;
  let isDraining = false;
  const health = (): Health => {
    const reasons = [
      ...(isDraining ? ['draining'] : []),
      ...(registration?.isKnown ? [] : ['not registered with steering']),
      ...(tokens.hasKeys ? [] : ['no token keys']),
    ];
    return reasons.length === 0 ? { ready: true } : { ready: false, reasons };
  };
  const answering = {
    shieldSecret: config.shieldSecret,
    ...{ memory, lent },
    ...{
      access,
      admission,
      hints,
      coarse,
      cache,
      writer,
      statistics,
      health,
      clock,
      cacheName: names.cacheName,
    },
    sites: () => front.sites,
    objects: new ObjectReplies({ cache, writer, ...names, describe: describeObject }),
  };
  const responder = new Responder(answering);
  const counters = {
    ...{ counts: () => statistics.snapshot(), healed: () => disk.healed },
    ...{ links: () => [...link.counts(), ...front.links()], functions: () => front.functions() },
  };
  const told = await openTelemetry({ clock, log, name, ...counters, ...names }, config.telemetry ?? {});
  const { telemetry } = told;
  const connections = {
    responder,
    statistics,
    pinned,
    coarse,
    limits,
    log,
    kernel,
    lent,
    addresses,
    telemetry,
  };
  const welcome = (socket: Socket) => new Connection(socket, connections);
  const bounds = { ...limits, host: config.host, isShared: config.shard !== undefined };
  const inner =
    config.shard &&
    (await openInnerListener(
      { ...answering, files, doneSeq: () => orders.doneSeq },
      config.shard,
      connections,
      clock,
      bounds,
    ));
  let url = config.tls?.publicUrl ?? config.publicUrl;
  registration = new Registration(
    { steering, clock, log },
    {
      ...{ name, url: () => url, region: config.region, heartbeatMs: limits.heartbeatMs },
      ...{ memoryBytes: config.memoryBytes, diskBytes: config.diskBytes },
      shard: config.shard && { index: config.shard.index, count: config.shard.count },
      isReady: () => tokens.hasKeys && !isDraining,
      takeStreamed: () => streams.take(),
      filled: () => proactive?.filled() ?? [],
      takeRates: () => statistics.takeRates(clock.now()),
      takeKeys: (keys, studioKeys) => {
        manifestKeys.set(studioKeys);
        if (tokens.setKeys(keys)) access.forget();
      },
    },
  );
  // Others of this edge answer meanwhile, so no viewer need meet this one before it can.
  if (config.shard) await registration.introduce();
  const listener = await openListener(clock, coarse, { ...bounds, port: config.port }, welcome);
  const secureDeps = { clock, coarse, bounds, connections, log };
  const secure = config.tls && certificate && (await openSecureListener(config.tls, certificate, secureDeps));
  url = url.replace(/:0$/, `:${(secure ?? listener).port}`);
  registration.start();
  orders.start({
    drop: (order) => {
      memory.deleteWhere((key, meta) => isMeant(order, key, meta));
      cache.outdate((key) => isMeant(order, key));
      front.outdate((key) => isMeant(order, key));
    },
    dropAll: () => {
      memory.deleteWhere(() => true);
      cache.outdate(() => true);
      front.outdate(() => true);
    },
    follow: async ({ sites }) => {
      const before = front;
      try {
        front = await openSites(siteParts, config.name, sites, limits);
        before.retire();
      } catch (error) {
        log.error('the configuration of sites is wrong; the one before stays', {
          why: (error as Error).message,
        });
      }
    },
  });
  proactive =
    config.proactiveFill &&
    startProactiveFill(
      {
        ...{ steering, clock, log, name, cache, statistics, fetch, manifestKeys },
        owns: shard?.owns ?? (() => true),
        capacityBytes: (config.shard?.count ?? 1) * (config.diskBytes || config.memoryBytes),
        isBusy: () => gate.isCrowded || pinned.isSpent || disk.isBehind,
      },
      config.proactiveFill,
    );
  const host = hostInUrl(config.host);
  const plainUrl = `http://${host}:${listener.port}`;
  const secureUrl = secure && `https://${host}:${secure.port}`;
  log.info('edge listens', { url: plainUrl, ...(secureUrl ? { secureUrl } : {}) });

  const end = async () => {
    isDraining = true;
    // Steering may be slow or away; viewers that are here must not wait for it.
    await proactive?.close();
    await Promise.all([registration.leave(), orders.close(), listener.close(), secure?.close()]);
    // Other shards may need it for a little longer than viewers do.
    await inner?.close();
    link.close();
    shard?.close();
    front.retire();
    await countries?.close();
    await disk.close();
    await told.close();
  };
  let ending: Promise<void> | undefined;
  const close = () => {
    ending ??= end();
    return ending;
  };
  const { metricsUrl } = told;
  return {
    url,
    plainUrl,
    secureUrl,
    metricsUrl,
    health,
    counts: () => statistics.snapshot(),
    links: () => link.counts(),
    close,
  };
}
