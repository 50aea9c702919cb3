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
  .meta({ id: 'Site' });
export type Site = z.infer<typeof site>;
