/** What a page tells its viewers about the installation behind it: where films are put in. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';

export const about = z
  .object({
    door: z.string().meta({ description: 'Address of the S3 door, for `--endpoint-url`.' }),
    credentials: z.string().nullable().meta({
      description:
        'Path of the credentials file, where the installation serves this machine alone; else null.',
    }),
  })
  .meta({ id: 'About' });
export type About = z.infer<typeof about>;

export const getAbout = endpoint({
  id: 'getAbout',
  method: 'GET',
  path: '/api/about',
  summary: 'Where films are put in.',
  reply: about,
});
