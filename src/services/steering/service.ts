/**
 * Steering: knows which edges are alive and ranks them for each viewer. It sends no media, and a viewer who has a
 * ranking needs it no more until all of its edges fail.
 */
import type { PlaybackClient } from '../../clients/playback.ts';
import type { ManifestKeysClient } from '../../clients/studio.ts';
import {
  createInvalidation,
  drainEdge,
  type EdgeOrder,
  getEdgeConfig,
  listInvalidations,
  putEdgeConfig,
  rollBackEdgeConfig,
  takeOrders,
} from '../../contracts/edge-control.ts';
import { listEdges, rankEdges as rankEdgesRow, registerEdge } from '../../contracts/edges.ts';
import { announceFill, findFillPeers, takeFillPlan } from '../../contracts/fill.ts';
import { createEndpointServer, route } from '../../contracts/serve.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { openEdgeControl } from './edge-control.ts';
import { createFillPeers } from './fill-peers.ts';
import { openFillPlans } from './fill-plan.ts';
import { createEdgeFleet } from './fleet.ts';
import { createKeyCache } from './public-keys.ts';
import { rankEdges } from './ranking.ts';

export type SteeringDeps = {
  playback: PlaybackClient;
  studio: ManifestKeysClient;
  tables: Tables;
  clock: Clock;
  log: Log;
};

export type SteeringConfig = {
  /** An edge unheard of for this long is out of the ranking. */
  edgeTimeoutMs: number;
  /** How often edges are asked to say that they are there. */
  heartbeatMs: number;
};

/** More edges than this in a row is more than a player will ever try. */
const RANKED_MAX = 8;

/** Invalidations that are told to people. */
const LISTED_MAX = 100;

export async function openSteeringService(deps: SteeringDeps, config: SteeringConfig): Promise<Service> {
  // Who waits for news is let go when the program ends, so that the end does not wait for them.
  const ending = new AbortController();
  const control = await openEdgeControl(deps.tables.table('edge-control'), deps.clock, ending.signal);
  const fills = await openFillPlans(deps.tables.table('edge-control'), deps.clock, ending.signal);
  const fleet = createEdgeFleet(deps.clock, config.edgeTimeoutMs, control.isDrained);
  const peers = createFillPeers(deps, fleet);
  const told = ({ seq, atMs, ...what }: EdgeOrder) => ({
    ...{ id: seq, createdAt: new Date(atMs).toISOString(), ...what },
    ...fleet.doneWith(seq),
  });
  const tokenKeys = createKeyCache(deps, {
    ...{ of: 'playback', waits: true },
    ask: async (signal) => (await deps.playback.getTokenKeys({}, signal)).tokenKeys,
  });
  const manifestKeys = createKeyCache(deps, {
    ...{ of: 'the studio', waits: false },
    ask: async (signal) => (await deps.studio.getManifestKeys({}, signal)).keys,
  });
  const handle = createEndpointServer(
    [
      route(listEdges, async () => ({ edges: fleet.list() })),
      route(registerEdge, async ({ params, body }) => {
        const { streamed, filled, shard, ...beat } = body;
        fleet.hear(params.name, beat, shard);
        fills.hear(streamed);
        peers.hear(params.name, filled, shard);
        const keys = { tokenKeys: await tokenKeys(), manifestKeys: await manifestKeys() };
        return { ...keys, heartbeatMs: config.heartbeatMs };
      }),
      route(takeOrders, async ({ params, query }) => {
        fleet.hasDone(params.name, query.shard, query.after, query.config);
        return control.take(query.after, query.config, query.waitMs);
      }),
      route(announceFill, async ({ params, body }) => {
        await fills.announce(params.title, body);
        return {};
      }),
      route(findFillPeers, ({ params, query }) => peers.find(params.name, { ...query, title: params.title })),
      route(takeFillPlan, ({ query }) => fills.take(query.version, query.waitMs)),
      route(createInvalidation, async ({ body }) => told(await control.order(body))),
      route(listInvalidations, async () => ({ invalidations: (await control.newest(LISTED_MAX)).map(told) })),
      route(getEdgeConfig, async () => ({ current: control.config(), versions: await control.versions() })),
      route(putEdgeConfig, ({ body }) => control.putConfig(body.sites)),
      route(rollBackEdgeConfig, ({ body }) => control.rollBack(body.version)),
      route(drainEdge, async ({ params, body }) => {
        await control.drain(params.name, body.draining);
        return {};
      }),
      route(rankEdgesRow, async ({ body }) => ({
        edges: rankEdges(fleet.usable(), body)
          .slice(0, RANKED_MAX)
          .map(({ name, url }) => ({ name, url })),
      })),
    ],
    deps.log,
  );
  const run = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const end = () => {
        ending.abort();
        resolve();
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  return { name: 'steering', handle, run, health: () => ({ ready: true }) };
}
