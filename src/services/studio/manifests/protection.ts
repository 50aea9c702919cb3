/**
 * What manifests say of encrypted tracks. HLS names each key by the format `identity` (RFC 8216bis, 4.4.4.4), at an
 * address that ends with the key's id: edges have nothing there, players ask where their play says that licences are.
 * DASH names the scheme and the key, and offers Clear Key (DASH-IF implementation guidelines, content protection).
 */
import type { TrackProtection } from '../../../contracts/content-keys.ts';
import type { PackagedTrack } from '../../../contracts/tasks.ts';
import type { Film } from './film.ts';
import { quoted, tag } from './playlist-syntax.ts';
import { element } from './xml.ts';

export const CENC_NAMESPACE = 'urn:mpeg:cenc:2013';
const MP4_PROTECTION = 'urn:mpeg:dash:mp4protection:2011';
const CLEAR_KEY = 'urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e';

export function keyTags({ protection }: PackagedTrack): string[] {
  return protection ? [keyTag('EXT-X-KEY', protection)] : [];
}

/** Lets players ask for all keys at the start rather than at the first switch. */
export function sessionKeyTags({ video, audio }: Film): string[] {
  const tags = [...video, ...audio].flatMap(({ track }) => track.protection ?? []);
  return [...new Set(tags.map((protection) => keyTag('EXT-X-SESSION-KEY', protection)))];
}

function keyTag(name: string, { keyId }: TrackProtection): string {
  return tag(name, {
    METHOD: 'SAMPLE-AES',
    URI: quoted(`keys/${keyId}`),
    KEYFORMAT: quoted('identity'),
  });
}

export function contentProtection({ protection }: PackagedTrack): string[] {
  if (!protection) return [];
  const { scheme, keyId } = protection;
  const defaultKey = keyId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return [
    element('ContentProtection', {
      schemeIdUri: MP4_PROTECTION,
      value: scheme,
      'cenc:default_KID': defaultKey,
    }),
    element('ContentProtection', { schemeIdUri: CLEAR_KEY, value: 'ClearKey1.0' }),
  ];
}

export const isProtected = ({ video, audio }: Film) =>
  [...video, ...audio].some(({ track }) => track.protection !== undefined);
