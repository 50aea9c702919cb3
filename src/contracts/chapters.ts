/** The file of a film's chapters as players read it: the JSON that Apple's players know (`com.apple.hls.chapters`). */
import { z } from 'zod';

export const chapterFile = z
  .array(
    z.object({
      chapter: z.number().int().optional(),
      'start-time': z.number().min(0),
      duration: z.number().min(0).optional(),
      titles: z.array(z.object({ language: z.string(), title: z.string() })).min(1),
    }),
  )
  .max(500);
export type ChapterFile = z.infer<typeof chapterFile>;
