/**
 * The sites that edges front besides films: which hosts, where their origins are, and what is done with which
 * paths. An operator writes them, steering keeps their versions, edges follow them.
 */
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

export const siteOrigin = z.object({
  name,
  /** Scheme, host and port, most wanted path first: a direct link, then the public one. */
  links: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .max(8),
  /** Which host the origin is told: the viewer's, or that of the link. */
  host: z.enum(['viewer', 'link']).default('link'),
  timeoutMs: z.number().int().min(100).max(120_000).default(10_000),
});
export type SiteOrigin = z.infer<typeof siteOrigin>;

export const behavior = z.object({
  /** Paths it is for; `*` stands for any characters, `?` for one. The first that matches counts. */
  path: z.string().min(1).max(255).default('*'),
  /** Origins in the order in which they are tried when one is away. */
  origins: z.array(name).min(1).max(4),
  /** Which query parameters are part of the name of an object, and sent on. */
  query: z.union([z.enum(['all', 'none']), z.array(z.string().max(128)).max(64)]).default('all'),
  methods: z.enum(['read', 'all']).default('all'),
  /** Only for CloudFront signed URLs and cookies by a key of the site. */
  signed: z.boolean().default(false),
  /** Which fields of viewers go on to the origin; `authorization` and `cookie` only when they are named. */
  forward: z
    .object({
      others: z.boolean().default(true),
      named: z.array(z.string().min(1).max(128)).max(100).default([]),
    })
    .default({ others: true, named: [] }),
  /** Functions of the site that see its requests before the cache does, and its replies before they leave. */
  viewerRequest: z.string().max(64).optional(),
  viewerResponse: z.string().max(64).optional(),
  /** Countries by ISO 3166-1 code; needs a country database at the edge. */
  countries: z
    .object({
      allow: z
        .array(z.string().regex(/^[A-Z]{2}$/))
        .max(300)
        .optional(),
      deny: z
        .array(z.string().regex(/^[A-Z]{2}$/))
        .max(300)
        .optional(),
      unknown: z.enum(['allow', 'deny']).default('allow'),
    })
    .optional(),
  /** Requests of one client address. */
  limit: z
    .object({ perS: z.number().positive().max(100_000), burst: z.number().int().min(1).max(100_000) })
    .optional(),
});
export type Behavior = z.infer<typeof behavior>;

/** After CloudFront Functions' contract, JavaScript runtime 2.0. */
export const siteFunction = z.object({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  eventType: z.enum(['viewer-request', 'viewer-response']),
  code: z
    .string()
    .min(1)
    .max(10 * 1024),
  /** A newer version that this share of the viewers, in per cent, gets first. */
  candidate: z
    .object({
      code: z
        .string()
        .min(1)
        .max(10 * 1024),
      percent: z.number().min(0).max(100),
    })
    .optional(),
});
export type SiteFunction = z.infer<typeof siteFunction>;

export const site = z
  .object({
    name,
    /** Host names in lower case, without ports. */
    hosts: z.array(z.string().min(1).max(253)).min(1).max(64),
    origins: z.array(siteOrigin).min(1).max(16),
    behaviors: z.array(behavior).min(1).max(64),
    /** Public keys of signed URLs and cookies, RSA or P-256. */
    keys: z
      .array(z.object({ id: z.string().min(1).max(128), publicKeyPem: z.string().max(4096) }))
      .max(64)
      .default([]),
    functions: z.array(siteFunction).max(32).default([]),
    /** What functions may look up. */
    keyValues: z.record(z.string().max(512), z.string().max(1024)).default({}),
    /** The scheme that signed URLs name: that of the connection, or what a proxy in front of the edge speaks. */
    scheme: z.enum(['connection', 'http', 'https']).default('connection'),
  })
  .refine(
    ({ origins, behaviors }) =>
      behaviors.every(({ origins: used }) =>
        used.every((one) => origins.some((known) => known.name === one)),
      ),
    { message: 'a behavior names an origin that the site does not have' },
  )
  .refine(
    ({ functions, behaviors }) => {
      const has = (name: string | undefined, eventType: SiteFunction['eventType']) =>
        name === undefined || functions.some((one) => one.name === name && one.eventType === eventType);
      return behaviors.every(
        ({ viewerRequest, viewerResponse }) =>
          has(viewerRequest, 'viewer-request') && has(viewerResponse, 'viewer-response'),
      );
    },
    { message: 'a behavior names a function that the site does not have for that event' },
  )
  .meta({ id: 'Site' });
export type Site = z.infer<typeof site>;
