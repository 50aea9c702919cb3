/**
 * Steering: knows which edges are alive and ranks them for each viewer. It sends no media, and a viewer who has a
 * ranking needs it no more until all of its edges fail.
 */
import type { PlaybackClient } from '../../clients/playback.ts';
import { listEdges, rankEdges as rankEdgesRow, registerEdge } from '../../contracts/edges.ts';
import { createEndpointServer, route } from '../../contracts/serve.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import { createEdgeFleet } from './fleet.ts';
import { rankEdges } from './ranking.ts';
import { createTokenKeyCache } from './token-keys.ts';

export type SteeringDeps = { playback: PlaybackClient; clock: Clock; log: Log };

export type SteeringConfig = {
  /** An edge unheard of for this long is out of the ranking. */
  edgeTimeoutMs: number;
  /** How often edges are asked to say that they are there. */
  heartbeatMs: number;
};

/** More edges than this in a row is more than a player will ever try. */
const RANKED_MAX = 8;

export function createSteeringService(deps: SteeringDeps, config: SteeringConfig): Service {
  const fleet = createEdgeFleet(deps.clock, config.edgeTimeoutMs);
  const tokenKeys = createTokenKeyCache(deps);
  const handle = createEndpointServer(
    [
      route(listEdges, async () => ({ edges: fleet.list() })),
      route(registerEdge, async ({ params, body }) => {
        fleet.hear(params.name, body);
        return { tokenKeys: await tokenKeys(), heartbeatMs: config.heartbeatMs };
      }),
      route(rankEdgesRow, async ({ body }) => ({
        edges: rankEdges(fleet.usable(), body)
          .slice(0, RANKED_MAX)
          .map(({ name, url }) => ({ name, url })),
      })),
    ],
    deps.log,
  );
  return { name: 'steering', handle, health: () => ({ ready: true }) };
}
