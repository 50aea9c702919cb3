/**
 * How operators steer their edges: versions of what edges front, invalidations, and edges taken out of service; and
 * how edges hear of that, by a request that waits until there is news.
 */
import { z } from 'zod';
import { emptyReply, endpoint } from './endpoint.ts';
import { site } from './sites.ts';

const edgeNameParam = z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) });

export const edgeConfig = z
  .object({ version: z.number().int(), createdAt: z.iso.datetime(), sites: z.array(site) })
  .meta({ id: 'EdgeConfig' });
export type EdgeConfigVersion = z.infer<typeof edgeConfig>;

/** Versions that are kept to go back to. */
export const CONFIG_VERSIONS_MAX = 50;

const configFaults = z
  .array(site)
  .max(32)
  .refine(
    (sites) => {
      const hosts = sites.flatMap(({ hosts }) => hosts);
      const names = sites.map(({ name }) => name);
      return new Set(hosts).size === hosts.length && new Set(names).size === names.length;
    },
    { message: 'two sites have one name or one host' },
  );

export const putEdgeConfig = endpoint({
  id: 'putEdgeConfig',
  method: 'PUT',
  path: '/api/edge-config',
  summary: 'A new version of what every edge fronts besides films. Edges follow within a second.',
  body: z.object({ sites: configFaults }),
  bodyBytesMax: 256 * 1024,
  reply: edgeConfig,
});

export const getEdgeConfig = endpoint({
  id: 'getEdgeConfig',
  method: 'GET',
  path: '/api/edge-config',
  summary: 'The version that edges follow, and the versions that it can be set back to.',
  reply: z.object({ current: edgeConfig, versions: z.array(z.number().int()) }),
});

export const rollBackEdgeConfig = endpoint({
  id: 'rollBackEdgeConfig',
  method: 'POST',
  path: '/api/edge-config/rollback',
  summary: 'Makes an earlier version the newest again.',
  body: z.object({ version: z.number().int().min(0) }),
  reply: edgeConfig,
  errors: ['not_found'],
});

const pattern = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^\/[\x21-\x7e]*$/, 'a path starts with a slash');
const tag = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x2b\x2d-\x7e]+$/);

export const invalidation = z
  .object({
    id: z.number().int(),
    createdAt: z.iso.datetime(),
    paths: z.array(z.string()),
    tags: z.array(z.string()),
    host: z.string().optional(),
    /** Living edges that have carried it out, and how many there are. */
    edgesDone: z.number().int(),
    edges: z.number().int(),
  })
  .meta({ id: 'Invalidation' });
export type Invalidation = z.infer<typeof invalidation>;

export const createInvalidation = endpoint({
  id: 'createInvalidation',
  method: 'POST',
  path: '/api/invalidations',
  summary:
    'Every edge drops what it keeps of these paths (`*` stands for anything) and tags, within a second.',
  body: z
    .object({
      paths: z.array(pattern).max(100).default([]),
      /** Of `Cache-Tag` or `Surrogate-Key` in replies of origins. */
      tags: z.array(tag).max(100).default([]),
      /** Only what was asked for under this host name. */
      host: z.string().max(253).optional(),
    })
    .refine(({ paths, tags }) => paths.length + tags.length > 0, { message: 'name a path or a tag' }),
  reply: invalidation,
  status: 201,
});

export const listInvalidations = endpoint({
  id: 'listInvalidations',
  method: 'GET',
  path: '/api/invalidations',
  summary: 'The latest invalidations, newest first, and how many edges have carried them out.',
  reply: z.object({ invalidations: z.array(invalidation) }),
});

export const drainEdge = endpoint({
  id: 'drainEdge',
  method: 'PUT',
  path: '/api/edges/{name}/drain',
  summary:
    'Sends no new viewer to an edge, or sends them again. Who is there stays until the end of the film.',
  params: edgeNameParam,
  body: z.object({ draining: z.boolean() }),
  reply: emptyReply,
});

/** What an edge is to do, by number. */
export const edgeOrder = z.object({
  seq: z.number().int(),
  /** Milliseconds since the epoch. */
  atMs: z.number(),
  paths: z.array(z.string()),
  tags: z.array(z.string()),
  host: z.string().optional(),
});
export type EdgeOrder = z.infer<typeof edgeOrder>;

/** Orders in one reply; more come with the next. */
export const ORDERS_MAX = 500;

export const takeOrders = endpoint({
  id: 'takeOrders',
  method: 'GET',
  path: '/internal/steering/edges/{name}/orders',
  summary: 'News for an edge since those that it has; waits until there are some.',
  internal: true,
  params: edgeNameParam,
  query: z.object({
    /** The last order carried out; -1 at the very first. */
    after: z.coerce.number().int().min(-1),
    /** The version of the configuration that is followed; -1 for none. */
    config: z.coerce.number().int().min(-1),
    waitMs: z.coerce.number().int().min(0).max(25_000),
    /** Which of the processes of the edge asks. */
    shard: z.coerce.number().int().min(0).max(63).default(0),
  }),
  reply: z.object({
    orders: z.array(edgeOrder),
    /** The number of the latest order there is. */
    latest: z.number().int(),
    /** True when orders between `after` and the first of these are not known any more. */
    hasGap: z.boolean(),
    config: edgeConfig.optional(),
  }),
});
