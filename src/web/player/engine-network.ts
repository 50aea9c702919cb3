/** Connects the engine's requests with the edges: where each goes, what came back, what did not. */
import type { Play } from '../../contracts/plays.ts';
import type { EdgeRequests } from './edge-requests.ts';
import type { ShakaModule, ShakaPlayer } from './shaka-engine.ts';

export function routeThroughEdges(
  shaka: ShakaModule,
  engine: ShakaPlayer,
  requests: EdgeRequests,
  onSegment: (edge: string) => void,
): void {
  const network = engine.getNetworkingEngine();
  if (!network) throw new Error('the engine has been closed');
  const { RequestType } = shaka.net.NetworkingEngine;
  network.registerRequestFilter((_type, request) => requests.prepare(request));
  network.registerResponseFilter((type, response) => {
    const edge = requests.succeeded(response.originalRequest, response.originalUri);
    if (edge && type === RequestType.SEGMENT) onSegment(edge.name);
  });
  network.addEventListener('retry', (event) => {
    const { code, data } = (event as Event & { error: { code: number; data: unknown[] } }).error;
    const status = code === shaka.util.Error.Code.BAD_HTTP_STATUS ? Number(data[1]) : 0;
    requests.failed(String(data[0]), status);
  });
}

/**
 * Keys of encrypted titles are asked for where a play says: by Clear Key of DASH, and one by one of HLS, whose playlists
 * name them by addresses that end with their ids. The function sets the play.
 */
export function routeLicences(shaka: ShakaModule, engine: ShakaPlayer): (licences: Play['licences']) => void {
  let identity: string | undefined;
  const { RequestType } = shaka.net.NetworkingEngine;
  engine.getNetworkingEngine()?.registerRequestFilter((type, request) => {
    if (type !== RequestType.KEY || identity === undefined) return;
    request.uris = request.uris.map((uri) => `${identity}/${uri.split('/').at(-1)}`);
  });
  return (licences) => {
    identity = licences?.identity;
    engine.configure({ drm: { servers: licences ? { 'org.w3.clearkey': licences.clearKey } : {} } });
  };
}

/** Calls `onFault` with what the engine could not deal with itself. */
export function watchFaults(
  shaka: ShakaModule,
  engine: ShakaPlayer,
  onFault: (error: unknown) => void,
): void {
  engine.addEventListener('error', (event) => {
    const { detail } = event as Event & { detail: { severity?: number } };
    if (detail.severity !== shaka.util.Error.Severity.RECOVERABLE) onFault(detail);
  });
}
