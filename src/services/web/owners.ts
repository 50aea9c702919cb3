/** Which service owns each public path of the API. */
export type ApiService = 'catalog' | 'playback' | 'steering';

/** The first match counts. */
const OWNERS: ReadonlyArray<readonly [RegExp, ApiService]> = [
  [/^\/api\/titles\/[^/]+\/play$/, 'playback'],
  [/^\/api\/sessions(\/|$)/, 'playback'],
  [/^\/api\/(edges|edge-config|invalidations)(\/|$)/, 'steering'],
  [/^\/api\/(titles|uploads)(\/|$)/, 'catalog'],
];

export function ownerOf(pathname: string): ApiService | undefined {
  return OWNERS.find(([pattern]) => pattern.test(pathname))?.[1];
}
