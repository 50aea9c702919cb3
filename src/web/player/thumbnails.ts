/**
 * Small pictures for the seek bar, cut out of sheets that the film's manifest lists. Sheets are fetched like
 * segments, so that they come from a living edge, and a few are kept.
 */
import type { ShakaModule, ShakaPlayer } from './shaka-engine.ts';

/** The picture is the part of the sheet that starts at `x`, `y`, in the sheet's own pixels. */
export type Thumbnail = {
  sheetUrl: string;
  sheetWidth: number;
  sheetHeight: number;
  x: number;
  y: number;
  width: number;
  height: number;
};

export type Thumbnails = {
  at(positionS: number): Promise<Thumbnail | null>;
  close(): void;
};

const SHEETS_MAX = 24;

export function createThumbnails(shaka: ShakaModule, engine: ShakaPlayer): Thumbnails {
  const sheets = new Map<string, Promise<string>>();
  const forget = (name: string) => {
    sheets.get(name)?.then(URL.revokeObjectURL, () => undefined);
    sheets.delete(name);
  };
  const sheet = (uris: string[], mimeType: string | null): Promise<string> => {
    const name = uris[0] ?? '';
    const known = sheets.get(name);
    if (known) return known;
    if (sheets.size >= SHEETS_MAX) forget(sheets.keys().next().value ?? '');
    const fetched = fetchSheet(shaka, engine, uris, mimeType);
    sheets.set(name, fetched);
    fetched.catch(() => sheets.delete(name));
    return fetched;
  };
  return {
    at: async (positionS) => {
      const found = await engine.getThumbnails(null, positionS);
      if (!found) return null;
      return {
        sheetUrl: await sheet(found.uris, found.mimeType),
        sheetWidth: found.imageWidth,
        sheetHeight: found.imageHeight,
        x: found.positionX,
        y: found.positionY,
        width: found.width,
        height: found.height,
      };
    },
    close: () => {
      for (const name of [...sheets.keys()]) forget(name);
    },
  };
}

async function fetchSheet(
  shaka: ShakaModule,
  engine: ShakaPlayer,
  uris: string[],
  mimeType: string | null,
): Promise<string> {
  const network = engine.getNetworkingEngine();
  if (!network) throw new Error('the player has been closed');
  const { NetworkingEngine } = shaka.net;
  const retryParameters = { ...NetworkingEngine.defaultRetryParameters(), maxAttempts: 3, baseDelay: 50 };
  const request = NetworkingEngine.makeRequest([...uris], retryParameters);
  // Not counted as a segment, since pictures say little about how fast a film would arrive.
  const response = await network.request(NetworkingEngine.RequestType.APP, request).promise;
  return URL.createObjectURL(new Blob([response.data as ArrayBuffer], { type: mimeType ?? 'image/jpeg' }));
}
