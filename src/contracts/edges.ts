/** Edges and steering: how an edge joins, how steering ranks the living, and the token that an edge checks. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { filledParts, streamedTitles } from './fill.ts';
import { edgeRef } from './plays.ts';

export const edgeStatus = z
  .object({
    name: z.string(),
    url: z.string(),
    healthy: z.boolean(),
    /** Gets no new viewers. */
    draining: z.boolean(),
    /** Of what it fronts besides films; -1 until it has told. */
    configVersion: z.number().int(),
    lastSeenAt: z.iso.datetime(),
    requestsPerS: z.number(),
    bytesPerS: z.number(),
    hitRatio: z.number(),
    region: z.string(),
    memoryBytes: z.number().int(),
    diskBytes: z.number().int(),
    /** Processes that are this edge, and how many of them are heard of. */
    shards: z.number().int(),
    shardsHeard: z.number().int(),
  })
  .meta({ id: 'EdgeStatus' });
export type EdgeStatus = z.infer<typeof edgeStatus>;

export const listEdges = endpoint({
  id: 'listEdges',
  method: 'GET',
  path: '/api/edges',
  summary: 'Every edge that steering knows, with its health.',
  reply: z.object({ edges: z.array(edgeStatus) }),
});

/** Public keys that verify tokens, by key id; raw Ed25519 keys in base64url. */
export const tokenKeys = z.array(z.object({ id: z.string(), publicKey: z.string() }));
export type TokenKeys = z.infer<typeof tokenKeys>;

export const edgeShard = z
  .object({ index: z.number().int().min(0), count: z.number().int().min(1).max(64) })
  .refine(({ index, count }) => index < count, { message: 'there are fewer shards than that' });
export type EdgeShard = z.infer<typeof edgeShard>;

/** Called at start and every 2 s; an edge unheard of for 6 s is out of the ranking. */
export const registerEdge = endpoint({
  id: 'registerEdge',
  method: 'PUT',
  path: '/internal/steering/edges/{name}',
  summary: 'An edge says that it is there and what it carries.',
  internal: true,
  params: z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) }),
  body: z.object({
    url: z.string(),
    region: z.string().default('local'),
    /** Which of the processes that share its port it is; sizes and rates are those of this one alone. */
    shard: edgeShard.default({ index: 0, count: 1 }),
    /** What it can hold, in bytes. */
    memoryBytes: z.number().int().min(0).default(0),
    diskBytes: z.number().int().min(0).default(0),
    ready: z.boolean(),
    draining: z.boolean().default(false),
    requestsPerS: z.number().default(0),
    bytesPerS: z.number().default(0),
    hitRatio: z.number().default(0),
    /** Bytes of titles that it replied with since the last time, the most first. */
    streamed: streamedTitles.default([]),
    filled: filledParts.default([]),
  }),
  /** `manifestKeys` verify manifests of hashes; absent when steering does not know them. */
  reply: z.object({ tokenKeys, manifestKeys: tokenKeys.optional(), heartbeatMs: z.number().int() }),
});

export const rankEdges = endpoint({
  id: 'rankEdges',
  method: 'POST',
  path: '/internal/steering/ranking',
  summary: 'The living edges for one viewer and one title, best first.',
  internal: true,
  body: z.object({
    title: z.string(),
    session: z.string(),
    clientAddress: z.string().optional(),
    region: z.string().optional(),
    /** Edges that this session could not reach; they go last. */
    failed: z.array(z.string()).default([]),
  }),
  reply: z.object({ edges: z.array(edgeRef) }),
});

/** Playback publishes the keys that it signs with; steering hands them to edges. */
export const getTokenKeys = endpoint({
  id: 'getTokenKeys',
  method: 'GET',
  path: '/internal/playback/token-keys',
  summary: 'Public keys of edge tokens.',
  internal: true,
  reply: z.object({ tokenKeys }),
});
