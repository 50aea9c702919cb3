/** Browser uploads: resumable, in parts that the browser puts straight into the S3 door by presigned URLs. */
import { z } from 'zod';
import { emptyReply, endpoint } from './endpoint.ts';
import { titleId } from './titles.ts';

export const upload = z
  .object({
    id: z.string().meta({ description: 'Id of the upload.' }),
    title: titleId,
    name: z.string(),
    size: z.number().int(),
    partBytes: z.number().int().meta({ description: 'Size of every part but the last.' }),
    parts: z
      .array(z.object({ partNumber: z.number().int(), etag: z.string(), size: z.number().int() }))
      .meta({
        description: 'Parts that the store has acknowledged; a resumed upload sends the others.',
      }),
  })
  .meta({ id: 'Upload' });
export type Upload = z.infer<typeof upload>;

export const startUpload = endpoint({
  id: 'startUpload',
  method: 'POST',
  path: '/api/uploads',
  summary: 'Opens an upload of one file.',
  body: z.object({
    name: z.string().min(1).max(500).meta({ description: 'File name, in any script.' }),
    size: z
      .number()
      .int()
      .min(0)
      .max(5 * 2 ** 40),
    type: z.string().max(200).optional(),
  }),
  status: 201,
  reply: upload,
  errors: ['invalid_request', 'too_large'],
});

export const getUpload = endpoint({
  id: 'getUpload',
  method: 'GET',
  path: '/api/uploads/{id}',
  summary: 'An open upload and the parts it already has.',
  params: z.object({ id: z.string() }),
  reply: upload,
  errors: ['not_found'],
});

export const signParts = endpoint({
  id: 'signParts',
  method: 'POST',
  path: '/api/uploads/{id}/parts',
  summary: 'Presigned URLs for some parts, good for an hour.',
  params: z.object({ id: z.string() }),
  body: z.object({ partNumbers: z.array(z.number().int().min(1).max(10_000)).min(1).max(100) }),
  reply: z.object({ parts: z.array(z.object({ partNumber: z.number().int(), url: z.string() })) }),
  errors: ['not_found', 'invalid_request'],
});

export const completeUpload = endpoint({
  id: 'completeUpload',
  method: 'POST',
  path: '/api/uploads/{id}/complete',
  summary: 'Joins the parts; the title goes on to ingest.',
  params: z.object({ id: z.string() }),
  body: z.object({}),
  reply: z.object({ title: titleId }),
  errors: ['not_found', 'invalid_part', 'conflict'],
});

export const abortUpload = endpoint({
  id: 'abortUpload',
  method: 'DELETE',
  path: '/api/uploads/{id}',
  summary: 'Gives an upload up and frees its parts.',
  params: z.object({ id: z.string() }),
  status: 204,
  reply: emptyReply,
  errors: ['not_found'],
});
