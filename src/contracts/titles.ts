/** Titles: the films of the library, as the catalog tells them to viewers and as the studio reports on them. */
import { z } from 'zod';
import { wrappedContentKey } from './content-keys.ts';
import { emptyReply, endpoint } from './endpoint.ts';

export const titleId = z
  .string()
  .regex(/^[0-9a-hjkmnp-tv-z]{26}$/)
  .meta({ description: 'Id of a title.' });

export const titleState = z.enum(['uploading', 'ingesting', 'playable', 'ready', 'refused']).meta({
  description:
    'uploading: bytes are arriving. ingesting: being inspected and encoded, nothing to play yet. playable: plays now, ' +
    'more renditions to come. ready: everything is published. refused: cannot be played; `reason` says why.',
});
export type TitleState = z.infer<typeof titleState>;

export const title = z
  .object({
    id: titleId,
    name: z
      .string()
      .meta({ description: 'What a person calls it; from the file name until somebody edits it.' }),
    state: titleState,
    progress: z.number().min(0).max(1).meta({ description: 'Of the whole way from first byte to ready.' }),
    stage: z
      .string()
      .meta({ description: 'What is being done now, in words: "Uploading", "Encoding 720p"…' }),
    etaS: z.number().nullable().meta({ description: 'Estimated seconds until ready; null when unknown.' }),
    durationS: z
      .number()
      .nullable()
      .meta({ description: 'Length of the film in seconds; null until inspected.' }),
    playableS: z.number().nullable().meta({
      description: 'While a title grows: seconds from its start that can be played now; null otherwise.',
    }),
    width: z.number().int().nullable(),
    height: z.number().int().nullable(),
    reason: z.string().nullable().meta({ description: 'Why it was refused, for the uploader.' }),
    reasonCode: z.string().nullable(),
    bytes: z.number().int().nullable().meta({ description: 'Bytes of the master received so far.' }),
    bytesExpected: z.number().int().nullable(),
    source: z.object({ bucket: z.string(), key: z.string() }),
    poster: z.string().nullable().meta({ description: 'Path of the poster image on this host.' }),
    renditions: z.array(z.string()).meta({ description: 'Names of what can be played: "360p", "720p"…' }),
    audioLanguages: z.array(z.string()),
    captionLanguages: z.array(z.string()),
    attribution: z
      .string()
      .nullable()
      .meta({ description: 'Credit line that the licence of the film asks for.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Title' });
export type Title = z.infer<typeof title>;

export const listTitles = endpoint({
  id: 'listTitles',
  method: 'GET',
  path: '/api/titles',
  summary: 'The library, newest first.',
  query: z.object({
    state: titleState.optional(),
    search: z.string().max(200).optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(500),
    after: titleId.optional().meta({ description: 'Only titles after this one, for the next page.' }),
  }),
  reply: z.object({ titles: z.array(title), next: titleId.nullable() }),
  errors: ['invalid_request'],
});

export const getTitle = endpoint({
  id: 'getTitle',
  method: 'GET',
  path: '/api/titles/{id}',
  summary: 'One title.',
  params: z.object({ id: titleId }),
  reply: title,
  errors: ['not_found'],
});

export const editTitle = endpoint({
  id: 'editTitle',
  method: 'PATCH',
  path: '/api/titles/{id}',
  summary: 'Gives a title another name.',
  params: z.object({ id: titleId }),
  body: z.object({ name: z.string().trim().min(1).max(300) }),
  reply: title,
  errors: ['not_found', 'invalid_request'],
});

export const deleteTitle = endpoint({
  id: 'deleteTitle',
  method: 'DELETE',
  path: '/api/titles/{id}',
  summary: 'Takes a title out of the library, with its renditions and its master.',
  params: z.object({ id: titleId }),
  status: 202,
  reply: emptyReply,
  errors: ['not_found'],
});

/** The bytes come as image/jpeg with a year of cache time; the path changes when the image does. */
export const getArtwork = endpoint({
  id: 'getArtwork',
  method: 'GET',
  path: '/api/titles/{id}/artwork/{file}',
  summary: 'A poster or still of a title.',
  params: z.object({ id: titleId, file: z.string().regex(/^[a-z0-9-]{1,64}\.(jpg|png|webp)$/) }),
  reply: z.string().meta({ description: 'The image.' }),
  errors: ['not_found'],
});

// What the studio tells the catalog.

export const publication = z.object({
  /** Grows by one with each publication of a title; manifests of older ones stay where they are. */
  number: z.number().int().positive(),
  /** Keys in the media bucket. */
  prefix: z.string(),
  hls: z.string(),
  dash: z.string(),
  poster: z.string().nullable(),
  thumbnails: z.string().nullable(),
  /** Absent where the film has none. */
  chapters: z.string().optional(),
  durationS: z.number(),
  width: z.number().int(),
  height: z.number().int(),
  renditions: z.array(z.string()),
  audioLanguages: z.array(z.string()),
  captionLanguages: z.array(z.string()),
  /** Of a title that grows: manifests of the whole film for players that know when a part of it is there. */
  growing: z.object({ hls: z.string(), dash: z.string(), extent: z.string() }).optional(),
  /** Of an encrypted title. */
  contentKeys: z.array(wrappedContentKey).max(64).optional(),
});
export type Publication = z.infer<typeof publication>;

/** Makes or finds the title of a master. The same bucket and key is the same title, for ever. */
export const openTitle = endpoint({
  id: 'openTitle',
  method: 'POST',
  path: '/internal/catalog/titles',
  summary: 'The title of a master, made when it is new.',
  internal: true,
  body: z.object({
    bucket: z.string(),
    key: z.string(),
    name: z.string().optional(),
    attribution: z.string().optional(),
  }),
  reply: z.object({ id: titleId, created: z.boolean() }),
});

/** Fields that are absent stay as they are. */
export const reportTitle = endpoint({
  id: 'reportTitle',
  method: 'PATCH',
  path: '/internal/catalog/titles/{id}',
  summary: 'How far a title has come.',
  internal: true,
  params: z.object({ id: titleId }),
  body: z.object({
    state: titleState.optional(),
    stage: z.string().optional(),
    progress: z.number().min(0).max(1).optional(),
    etaS: z.number().nullable().optional(),
    durationS: z.number().nullable().optional(),
    playableS: z.number().nullable().optional(),
    width: z.number().int().nullable().optional(),
    height: z.number().int().nullable().optional(),
    reason: z.string().nullable().optional(),
    reasonCode: z.string().nullable().optional(),
    bytes: z.number().int().nullable().optional(),
    bytesExpected: z.number().int().nullable().optional(),
  }),
  reply: emptyReply,
  errors: ['not_found'],
});

/** The atomic switch: from the reply on, plays get this publication. An older number changes nothing. */
export const publishTitle = endpoint({
  id: 'publishTitle',
  method: 'PUT',
  path: '/internal/catalog/titles/{id}/publication',
  summary: 'Switches a title to a new publication.',
  internal: true,
  params: z.object({ id: titleId }),
  body: publication,
  bodyBytesMax: 256 * 1024,
  reply: emptyReply,
  errors: ['not_found'],
});

/** Only while this publication is the newest one; the title has nothing to play afterwards. */
export const withdrawPublication = endpoint({
  id: 'withdrawPublication',
  method: 'DELETE',
  path: '/internal/catalog/titles/{id}/publication/{number}',
  summary: 'Takes a publication back, because its master turned out to be no film.',
  internal: true,
  params: z.object({ id: titleId, number: z.coerce.number().int().positive() }),
  reply: emptyReply,
  errors: ['not_found'],
});

export const getPublication = endpoint({
  id: 'getPublication',
  method: 'GET',
  path: '/internal/catalog/titles/{id}/publication',
  summary: 'What a play of this title is given; waits so long for the first one of a title in the making.',
  internal: true,
  params: z.object({ id: titleId }),
  query: z.object({ waitMs: z.coerce.number().int().min(0).max(25_000).optional() }),
  reply: z.object({ title, publication }),
  errors: ['not_found', 'conflict'],
});
