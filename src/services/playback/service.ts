/**
 * Playback: opens play sessions, signs the tokens that open a title at the edges, and keeps where each viewer
 * stopped. It sends no media and knows no edge by itself: steering ranks them.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { SteeringClient } from '../../clients/steering.ts';
import type { HurryClient } from '../../clients/studio.ts';
import { getTokenKeys } from '../../contracts/edges.ts';
import { FILL_SESSION, mintFillToken } from '../../contracts/fill.ts';
import { clearKeyLicence, identityKey } from '../../contracts/licences.ts';
import { endPlay, heartbeatPlay, hurryPlay, type Play, renewPlay, startPlay } from '../../contracts/plays.ts';
import { createEndpointServer, route } from '../../contracts/serve.ts';
import type { Publication } from '../../contracts/titles.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { createBookmarks } from './bookmarks.ts';
import { clearKeysOf, licencePaths, openKey } from './licences.ts';
import { createNewestPublication } from './newest-publication.ts';
import { createSessions, type Session } from './sessions.ts';
import { openTokenSigner } from './token-signer.ts';

export type PlaybackDeps = {
  catalog: CatalogClient;
  steering: SteeringClient;
  studio: HurryClient;
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

type Viewer = { clientAddress: string; failed: string[] };

export async function openPlaybackService(deps: PlaybackDeps, config: PlaybackConfig): Promise<Service> {
  const { catalog, steering, studio, tables, keys, clock, log } = deps;
  const signer = await openTokenSigner(deps, config.tokenTtlS);
  const sessions = createSessions(tables, clock, config.sessionIdleS);
  const bookmarks = createBookmarks(tables, clock);
  const newestPublication = createNewestPublication(deps);

  const publicationOf = async (title: string, waitS = 0, signal?: AbortSignal): Promise<Publication> => {
    const query = waitS > 0 ? { waitMs: Math.round(waitS * 1000) } : {};
    return (await catalog.getPublication({ params: { id: title }, query }, signal)).publication;
  };
  const playOf = async (
    session: Session,
    publication: Publication,
    viewer: Viewer,
    positionS: number,
  ): Promise<Play> => {
    const body = { title: session.title, session: session.id, ...viewer };
    const { edges } = await steering.rankEdges({ body });
    const [first] = edges;
    if (!first) throw new MatineeError('unavailable', 'no edge is there to serve this film; try again soon');
    const { token, expiresS } = await signer.mint(publication.prefix, session.id);
    const { growing } = publication;
    return {
      session: session.id,
      manifests: {
        hls: mediaUrl(first.url, token, publication.hls),
        dash: mediaUrl(first.url, token, publication.dash),
      },
      ...(growing
        ? {
            growing: {
              hls: mediaUrl(first.url, token, growing.hls),
              dash: mediaUrl(first.url, token, growing.dash),
              extent: mediaUrl(first.url, token, growing.extent),
            },
          }
        : {}),
      ...(publication.chapters === undefined
        ? {}
        : { chapters: mediaUrl(first.url, token, publication.chapters) }),
      edges,
      publication: publication.number,
      durationS: publication.durationS,
      positionS,
      expiresAt: new Date(expiresS * 1000).toISOString(),
      ...(publication.contentKeys ? { licences: licencePaths(session.id) } : {}),
    };
  };

  const handle = createEndpointServer(
    [
      route(startPlay, async ({ params, body }, { remoteAddress, request }) => {
        const title = params.id;
        const device = body.device || null;
        const publication = await publicationOf(title, body.waitS, request.signal);
        const bookmarkS = await bookmarks.get(device, title);
        const beginS = bookmarkS > publication.durationS - SEEN_WITHIN_S ? 0 : bookmarkS;
        const id = newId(clock.now());
        const session = { id, title, device, publication: publication.number, positionS: null, ended: false };
        const viewer = { clientAddress: remoteAddress, failed: [] };
        const play = await playOf(session, publication, viewer, beginS);
        // Last, so that a play that cannot be leaves no session behind.
        await sessions.open(session);
        return play;
      }),
      route(renewPlay, async ({ params, body }, { remoteAddress }) => {
        const session = refuseEnded(await sessions.touch(params.session, { renewedMs: clock.now() }));
        const publication = await publicationOf(session.title);
        const positionS = session.positionS ?? (await bookmarks.get(session.device, session.title));
        const viewer = { clientAddress: remoteAddress, failed: body.failedEdges };
        const play = await playOf(session, publication, viewer, positionS);
        if (publication.number !== session.publication) {
          await sessions.touch(session.id, { publication: publication.number });
        }
        return play;
      }),
      route(heartbeatPlay, async ({ params, body }) => {
        const heardMs = clock.now();
        const { positionS, state, edge = null, rendition = null, bufferS = null, stalls = null } = body;
        const stoppedAtS = state === 'ended' ? 0 : positionS;
        // A player that is still loading, or could not load, says 0; that is not where its viewer stopped.
        const isPlace = positionS > 0 || state === 'playing' || state === 'paused' || state === 'ended';
        const heard = { heardMs, state, edge, rendition, bufferS, stalls, ...(isPlace ? { positionS } : {}) };
        const session = await sessions.touch(params.session, heard);
        if (isPlace) await bookmarks.set(session.device, session.title, stoppedAtS, heardMs);
        refuseEnded(session);
        return { publication: await newestPublication(session.title, session.publication) };
      }),
      route(clearKeyLicence, async ({ params, body }) => {
        const { title } = refuseEnded(await sessions.touch(params.session, {}));
        return clearKeysOf(keys, title, await publicationOf(title), body.kids);
      }),
      route(identityKey, async ({ params }) => {
        const { title } = refuseEnded(await sessions.touch(params.session, {}));
        const key = await openKey(keys, title, await publicationOf(title), params.keyId);
        const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' };
        return new Response(key, { headers });
      }),
      route(hurryPlay, async ({ params, body }) => {
        const session = refuseEnded(await sessions.touch(params.session, {}));
        await studio.hurryTitle({ params: { id: session.title }, body });
        return {};
      }),
      route(endPlay, async ({ params }) => {
        await sessions.end(params.session);
        return {};
      }),
      route(mintFillToken, ({ body }) => signer.mint(`titles/${body.title}/`, FILL_SESSION)),
      route(getTokenKeys, async () => ({ tokenKeys: await signer.publicKeys() })),
    ],
    log,
  );
  return { name: 'playback', handle, health: () => signer.health() };
}

function refuseEnded(session: Session): Session {
  if (session.ended) throw new MatineeError('not_found', 'this session has ended; press play again');
  return session;
}

/** The token is a segment of the path, so that relative addresses in manifests carry it along. */
function mediaUrl(edge: string, token: string, key: string): string {
  return `${edge}/${token}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
