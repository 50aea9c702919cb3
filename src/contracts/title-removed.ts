/** What the catalog tells the studio of a deleted title, through the queue. Both declare the queue, alike. */
import { z } from 'zod';

export const titleRemoved = z.object({
  title: z.string(),
  /** Where its master was. */
  bucket: z.string(),
  key: z.string(),
});
export type TitleRemoved = z.infer<typeof titleRemoved>;

export const TITLE_REMOVED_QUEUE = { leaseS: 60, triesMax: 20, retryDelayS: 5 } as const;
