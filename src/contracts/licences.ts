/** Licences: the keys that open what a session plays. Who may have which is told by the session alone so far. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { sessionId } from './plays.ts';

/** 16 bytes in base64url, as JSON Web Keys have them. */
const jwkBytes = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** The licence request and licence of `org.w3.clearkey` (W3C Encrypted Media Extensions, 9.1). */
export const clearKeyLicence = endpoint({
  id: 'clearKeyLicence',
  method: 'POST',
  path: '/api/sessions/{session}/licences/clearkey',
  summary: 'The keys of the film that a session plays, for the Clear Key system of browsers.',
  params: z.object({ session: sessionId }),
  body: z.object({
    kids: z.array(jwkBytes).min(1).max(64),
    type: z.enum(['temporary', 'persistent-license']).default('temporary'),
  }),
  reply: z.object({
    keys: z.array(z.object({ kty: z.literal('oct'), kid: jwkBytes, k: jwkBytes })),
    type: z.literal('temporary'),
  }),
  errors: ['not_found'],
});

/** HLS, key format `identity`: the key as 16 bytes. */
export const identityKey = endpoint({
  id: 'identityKey',
  method: 'GET',
  path: '/api/sessions/{session}/licences/identity/{keyId}',
  summary: 'One key of the film that a session plays, as its 16 bytes.',
  params: z.object({ session: sessionId, keyId: z.string().regex(/^[0-9a-f]{32}$/) }),
  reply: z.any().meta({ description: 'application/octet-stream' }),
  errors: ['not_found'],
});
