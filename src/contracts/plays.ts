/** Plays: what a press of the play button gets, and what the player says while it plays. */
import { z } from 'zod';
import { emptyReply, endpoint } from './endpoint.ts';
import { titleId } from './titles.ts';

export const sessionId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/);

export const edgeRef = z
  .object({ name: z.string(), url: z.string().meta({ description: 'Scheme, host and port.' }) })
  .meta({ id: 'EdgeRef' });
export type EdgeRef = z.infer<typeof edgeRef>;

export const play = z
  .object({
    session: sessionId,
    manifests: z.object({
      hls: z
        .string()
        .meta({ description: 'Multivariant playlist at the first edge; its path carries the token.' }),
      dash: z.string().meta({ description: 'MPD over the same segments.' }),
    }),
    growing: z
      .object({ hls: z.string(), dash: z.string(), extent: z.string() })
      .optional()
      .meta({
        description:
          'While the title grows: manifests of the whole film, and the file that tells which segments are there. A player ' +
          'that does not ask for others yet can go to any place; all others use `manifests`, which grow.',
      }),
    chapters: z.string().optional().meta({ description: "The film's chapters as JSON, where it has some." }),
    edges: z.array(edgeRef).meta({
      description:
        'Ranked. Any of them answers the same path, so a player that loses one goes on at the next.',
    }),
    publication: z.number().int().meta({ description: 'Grows when renditions join.' }),
    durationS: z.number(),
    positionS: z.number().meta({ description: 'Where this viewer stopped last time.' }),
    expiresAt: z.iso.datetime().meta({ description: 'Until when the token opens segments.' }),
    licences: z.object({ clearKey: z.string(), identity: z.string() }).optional().meta({
      description:
        'Where the keys of an encrypted title are: for Clear Key, and, behind this with their ids, for HLS.',
    }),
  })
  .meta({ id: 'Play' });
export type Play = z.infer<typeof play>;

export const startPlay = endpoint({
  id: 'startPlay',
  method: 'POST',
  path: '/api/titles/{id}/play',
  summary: 'Opens a play session.',
  params: z.object({ id: titleId }),
  body: z.object({
    device: z
      .string()
      .max(100)
      .optional()
      .meta({ description: 'A stable name that the player chose for its device.' }),
    waitS: z
      .number()
      .min(0)
      .max(20)
      .optional()
      .meta({ description: 'How long to wait for a title whose first picture is still being made.' }),
  }),
  reply: play,
  errors: ['not_found', 'conflict', 'unavailable'],
});

/** Also renews the ranking: a player asks when an edge failed it. */
export const renewPlay = endpoint({
  id: 'renewPlay',
  method: 'POST',
  path: '/api/sessions/{session}/renew',
  summary: 'Fresh manifests, token and edges for a session that goes on.',
  params: z.object({ session: sessionId }),
  body: z.object({ failedEdges: z.array(z.string().max(100)).max(20).default([]) }),
  reply: play,
  errors: ['not_found', 'unavailable'],
});

export const heartbeatPlay = endpoint({
  id: 'heartbeatPlay',
  method: 'POST',
  path: '/api/sessions/{session}/heartbeat',
  summary: 'Where the player is and how it fares, every 10 s and at every change of state.',
  params: z.object({ session: sessionId }),
  body: z.object({
    positionS: z.number().min(0),
    state: z.enum(['playing', 'paused', 'buffering', 'ended', 'failed']),
    edge: z.string().max(100).optional(),
    rendition: z.string().max(100).optional(),
    bufferS: z.number().min(0).optional(),
    stalls: z.number().int().min(0).optional(),
  }),
  reply: z.object({
    publication: z
      .number()
      .int()
      .meta({ description: 'Newest publication of the title; renew when it has grown.' }),
  }),
  errors: ['not_found'],
});

export const hurryPlay = endpoint({
  id: 'hurryPlay',
  method: 'POST',
  path: '/api/sessions/{session}/hurry',
  summary: 'The viewer of a growing title wants to go on at a position that is not there yet.',
  params: z.object({ session: sessionId }),
  body: z.object({ positionS: z.number().min(0) }),
  reply: emptyReply,
  errors: ['not_found'],
});

export const endPlay = endpoint({
  id: 'endPlay',
  method: 'DELETE',
  path: '/api/sessions/{session}',
  summary: 'Ends a session.',
  params: z.object({ session: sessionId }),
  status: 204,
  reply: emptyReply,
});
