/**
 * The edge token: a path segment that opens one title's prefix for one session until a time.
 *
 * A media URL is `<edge>/<token>/<key in the media bucket>`. Relative URLs in manifests keep the segment, so
 * every player carries it without knowing. Format: `<payload>.<signature>`, both base64url without padding;
 * the payload is the JSON array `[version, keyId, prefix, session, expiresS]`; the signature is Ed25519 (RFC
 * 8032) over the payload's base64url text. Edges hold public keys only, so that none can mint a token.
 */
import { z } from 'zod';

export const edgeTokenPayload = z.tuple([
  z.literal(1),
  z.string().meta({ description: 'Key id.' }),
  z.string().meta({ description: 'Key prefix that it opens, ending in a slash.' }),
  z.string().meta({ description: 'Session, for logs and limits.' }),
  z.number().int().meta({ description: 'Seconds since the epoch.' }),
]);
export type EdgeTokenPayload = z.infer<typeof edgeTokenPayload>;

/** Longest token an edge looks at, in characters. */
export const EDGE_TOKEN_CHARS_MAX = 512;
