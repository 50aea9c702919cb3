/**
 * Keys that the samples of films are encrypted with (ISO/IEC 23001-7, scheme `cbcs`: AES-128 in CBC mode, one IV for
 * every sample of a track). The studio makes them, workers encrypt with them, playback gives them to players in
 * licences; between those the `keys` port keeps them wrapped.
 */
import { z } from 'zod';

/** 16 bytes in lower-case hexadecimal. */
const bytes16 = z.string().regex(/^[0-9a-f]{32}$/);

/** What a worker encrypts a track with; it is a secret, and is told in leases only. */
export const sampleKey = z.object({ keyId: bytes16, iv: bytes16, key: bytes16 });
export type SampleKey = z.infer<typeof sampleKey>;

/** What a packaged track says of its encryption. */
export const trackProtection = z.object({ scheme: z.literal('cbcs'), keyId: bytes16 });
export type TrackProtection = z.infer<typeof trackProtection>;

/** A key of a publication, wrapped under `contentKeyContext`. */
export const wrappedContentKey = z.object({ keyId: bytes16, wrapped: z.base64().max(2000) });
export type WrappedContentKey = z.infer<typeof wrappedContentKey>;

/** Sound, and pictures by the lines of their shorter side: rights to each may differ. */
export const CONTENT_KEY_KINDS = ['audio', 'sd', 'hd', 'uhd'] as const;
export type ContentKeyKind = (typeof CONTENT_KEY_KINDS)[number];

export function contentKeyContext(title: string, keyId: string): Record<string, string> {
  return { purpose: 'content-key', title, key: keyId };
}
