/**
 * Proactive fill: what the studio tells of a publication, the plan that steering makes of that, and the manifest of
 * hashes against which edges check what they fetch before anybody asks for it.
 */
import { z } from 'zod';
import { emptyReply, endpoint } from './endpoint.ts';

/** SHA-256 in base64url. */
const sha256 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const edgeName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const titleName = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/);

/** The file beside the manifests of a publication. */
export const HASHES_FILE = 'hashes.json';
/** The signature of that file's bytes, beside it. */
export const SIGNATURE_FILE = 'hashes.sig.json';
export const HASHES_BYTES_MAX = 16 * 1024 * 1024;
/** A film of six hours has some fifty thousand files. What is beyond is fetched when it is asked for. */
export const HASHED_FILES_MAX = 60_000;
/** What of a film is in its opening. */
export const OPENING_S = 12;

export const hashedFile = z.object({
  /** Follows `titles/<title>/`. */
  key: z.string().min(1).max(900),
  size: z.number().int().min(0),
  sha256,
});
export type HashedFile = z.infer<typeof hashedFile>;

/** Each file of a publication once, in the order in which edges should get them. */
export const hashManifest = z.object({
  format: z.literal(1),
  /** So many of the first files are the opening. */
  opening: z.number().int().min(0),
  files: z.array(hashedFile).max(HASHED_FILES_MAX),
});
export type HashManifest = z.infer<typeof hashManifest>;

/** Ed25519 over the bytes of a manifest of hashes. */
export const hashSignature = z.object({
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** 64 bytes in base64url. */
  value: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type HashSignature = z.infer<typeof hashSignature>;

/** Where a publication's manifest of hashes is, and what proves that it is the studio's. */
export const fillAnnouncement = z.object({
  number: z.number().int().positive(),
  /** The key in the media bucket. */
  hashes: z.string().max(1024),
  sha256,
  size: z.number().int().min(1).max(HASHES_BYTES_MAX),
  /** Of all files together. */
  bytes: z.number().min(0),
  /** Absent in what older studios told. */
  signature: hashSignature.optional(),
});
export type FillAnnouncement = z.infer<typeof fillAnnouncement>;

/** The studio publishes the keys that it signs with: steering hands them to edges, anybody can check a copy. */
export const getManifestKeys = endpoint({
  id: 'getManifestKeys',
  method: 'GET',
  path: '/api/manifest-keys',
  summary: 'Public keys that verify manifests of hashes: raw Ed25519 keys in base64url.',
  reply: z.object({ keys: z.array(z.object({ id: z.string(), publicKey: z.string() })).max(20) }),
});

export const announceFill = endpoint({
  id: 'announceFill',
  method: 'PUT',
  path: '/internal/steering/fills/{title}',
  summary: 'A publication that every edge should get the opening of. An older number changes nothing.',
  internal: true,
  params: z.object({ title: titleName }),
  body: fillAnnouncement,
  reply: emptyReply,
});

/** Titles in one heartbeat. */
export const STREAMED_TITLES_MAX = 50;
export const streamedTitles = z
  .array(z.object({ title: titleName, bytes: z.number().min(0) }))
  .max(STREAMED_TITLES_MAX);
export type StreamedTitles = z.infer<typeof streamedTitles>;

export const fillTitle = fillAnnouncement.extend({
  title: titleName,
  /** False while only the opening is wanted. */
  whole: z.boolean(),
});
export type FillTitle = z.infer<typeof fillTitle>;

/** Parts of titles in one heartbeat. */
export const FILLED_MAX = 220;
/** What an edge has fetched ahead: the opening of a publication, or all of it. */
export const filledParts = z
  .array(z.object({ title: titleName, number: z.number().int(), whole: z.boolean() }))
  .max(FILLED_MAX);
export type FilledParts = z.infer<typeof filledParts>;

export const findFillPeers = endpoint({
  id: 'findFillPeers',
  method: 'GET',
  path: '/internal/steering/edges/{name}/fill-peers/{title}',
  summary: 'Other edges that have a part of a publication, and the token that opens it there.',
  internal: true,
  params: z.object({ name: edgeName, title: titleName }),
  query: z.object({ number: z.coerce.number().int(), part: z.enum(['opening', 'rest']) }),
  reply: z.object({ peers: z.array(z.string()), token: z.string() }),
});
export type FillPeers = z.infer<typeof findFillPeers.reply>;

/** The session of tokens that edges show each other. What they fetch by it makes no title popular. */
export const FILL_SESSION = 'edge-fill';

export const mintFillToken = endpoint({
  id: 'mintFillToken',
  method: 'POST',
  path: '/internal/playback/fill-tokens',
  summary: 'A token by which edges give each other the files of a title.',
  internal: true,
  body: z.object({ title: titleName }),
  reply: z.object({ token: z.string(), expiresS: z.number().int() }),
});

/** Titles in one plan. */
export const PLAN_TITLES_MAX = 200;

export const takeFillPlan = endpoint({
  id: 'takeFillPlan',
  method: 'GET',
  path: '/internal/steering/edges/{name}/fill-plan',
  summary: 'What edges should have before it is asked for, most wanted first; waits until it has changed.',
  internal: true,
  params: z.object({ name: edgeName }),
  query: z.object({
    /** The version that the edge follows; 0 for none. */
    version: z.coerce.number().int().min(0),
    waitMs: z.coerce.number().int().min(0).max(25_000),
  }),
  reply: z.object({ version: z.number().int(), titles: z.array(fillTitle).max(PLAN_TITLES_MAX) }),
});
export type FillPlan = z.infer<typeof takeFillPlan.reply>;
