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
});
export type Behavior = z.infer<typeof behavior>;

export const site = z
  .object({
    name,
    /** Host names in lower case, without ports. */
    hosts: z.array(z.string().min(1).max(253)).min(1).max(64),
    origins: z.array(siteOrigin).min(1).max(16),
    behaviors: z.array(behavior).min(1).max(64),
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
