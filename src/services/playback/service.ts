/**
 * Playback: opens play sessions, signs the tokens that open a title at the edges, and keeps where each viewer
 * stopped. It sends no media and knows no edge by itself: steering ranks them.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { SteeringClient } from '../../clients/steering.ts';
import { getTokenKeys } from '../../contracts/edges.ts';
import { endPlay, heartbeatPlay, type Play, renewPlay, startPlay } from '../../contracts/plays.ts';
import { createEndpointServer, route } from '../../contracts/serve.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { createSessions, type Session } from './sessions.ts';
import { openTokenSigner } from './token-signer.ts';

export type PlaybackDeps = {
  catalog: CatalogClient;
  steering: SteeringClient;
  tables: Tables;
  keys: Keys;
  clock: Clock;
  log: Log;
};

export type PlaybackConfig = {
  /** Life of an edge token. A player renews before it ends. */
  tokenTtlS: number;
  /** A session that nobody has heard of for this long has ended. */
  sessionIdleS: number;
};

/** A viewer who stopped this close to the end has seen the film. */
const SEEN_WITHIN_S = 10;

type Viewer = { address: string; failed: readonly string[] };

export async function openPlaybackService(deps: PlaybackDeps, config: PlaybackConfig): Promise<Service> {
  const { catalog, steering, tables, clock, log } = deps;
  const signer = await openTokenSigner(deps, config.tokenTtlS);
  const sessions = createSessions(tables, clock, config.sessionIdleS);

  const playOf = async (session: Session, viewer: Viewer): Promise<Play> => {
    const { publication } = await catalog.getPublication({ params: { id: session.title } });
    const { edges } = await steering.rankEdges({
      body: {
        title: session.title,
        session: session.id,
        clientAddress: viewer.address,
        failed: [...viewer.failed],
      },
    });
    const [first] = edges;
    if (!first) throw new MatineeError('unavailable', 'no edge is there to serve this film; try again soon');
    const { token, expiresS } = await signer.mint(publication.prefix, session.id);
    const bookmarkS = await sessions.bookmark(session.device, session.title);
    return {
      session: session.id,
      manifests: {
        hls: mediaUrl(first.url, token, publication.hls),
        dash: mediaUrl(first.url, token, publication.dash),
      },
      edges,
      publication: publication.number,
      durationS: publication.durationS,
      positionS: bookmarkS > publication.durationS - SEEN_WITHIN_S ? 0 : bookmarkS,
      expiresAt: new Date(expiresS * 1000).toISOString(),
    };
  };

  const handle = createEndpointServer(
    [
      route(startPlay, async ({ params, body }, { remoteAddress }) => {
        // Asked first, so that a title that cannot be played opens no session.
        await catalog.getPublication({ params });
        const session = await sessions.open(params.id, body.device ?? null);
        return playOf(session, { address: remoteAddress, failed: [] });
      }),
      route(renewPlay, async ({ params, body }, { remoteAddress }) => {
        const session = await sessions.touch(params.session);
        return playOf(session, { address: remoteAddress, failed: body.failedEdges });
      }),
      route(heartbeatPlay, async ({ params, body }) => {
        const { positionS, state, edge = null, rendition = null, bufferS = null, stalls = null } = body;
        const facts = { positionS, state, edge, rendition, bufferS, stalls, heardMs: clock.now() };
        const { device, title } = await sessions.touch(params.session, facts);
        await sessions.setBookmark(device, title, state === 'ended' ? 0 : positionS);
        const { publication } = await catalog.getPublication({ params: { id: title } });
        return { publication: publication.number };
      }),
      route(endPlay, async ({ params }) => {
        await sessions.end(params.session);
        return {};
      }),
      route(getTokenKeys, async () => ({ tokenKeys: await signer.publicKeys() })),
    ],
    log,
  );
  return { name: 'playback', handle, health: () => ({ ready: true }) };
}

/** The token is a segment of the path, so that relative addresses in manifests carry it along. */
function mediaUrl(edge: string, token: string, key: string): string {
  return `${edge}/${token}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
