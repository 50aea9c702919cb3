/** Which service owns each public path of the API. */
export type ApiService = 'catalog' | 'playback' | 'steering' | 'studio';

/** The first match counts. */
const OWNERS: ReadonlyArray<readonly [RegExp, ApiService]> = [
  [/^\/api\/titles\/[^/]+\/play$/, 'playback'],
  [/^\/api\/titles\/[^/]+\/master$/, 'studio'],
  [/^\/api\/sessions(\/|$)/, 'playback'],
  [/^\/api\/(edges|edge-config|invalidations)(\/|$)/, 'steering'],
  [/^\/api\/(jobs|manifest-keys|presets|workers)(\/|$)/, 'studio'],
  [/^\/api\/(titles|uploads)(\/|$)/, 'catalog'],
];

export function ownerOf(pathname: string): ApiService | undefined {
  return OWNERS.find(([pattern]) => pattern.test(pathname))?.[1];
}
