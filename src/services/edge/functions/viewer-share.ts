/** Chooses which viewers get a version in trial: the same ones each time, more of them as the share grows. Pure. */

/**
 * Whether this viewer is among the first `percent` of all. The salt keeps trials apart, so that it is not always the same
 * viewers who try what is new. Source: FNV-1a (RFC 9923), mixed by the finaliser of MurmurHash3, as FNV's high
 * bits alone tell similar keys badly apart.
 */
export function inShare(viewerKey: string, salt: string, percent: number): boolean {
  return percent >= 100 || (percent > 0 && place(`${salt}\n${viewerKey}`) < percent / 100);
}

/** A place from 0 to 1, evenly spread over texts. */
function place(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
