/**
 * The first light: a title that plays while its first rendition is still being made. What there is of it is told in
 * a small file beside its manifests; a player that knows it may ask for the part that its viewer wants.
 */
import { z } from 'zod';
import { emptyReply, endpoint } from './endpoint.ts';
import { titleId } from './titles.ts';

/** Beside the manifests; it changes while the title grows. */
export const EXTENT_FILE = 'extent.json';
/** Sound of the first light is at this rate, in packets of so many samples, the first of which is priming. */
export const LIGHT_SAMPLE_RATE = 48_000;
export const LIGHT_PACKET_SAMPLES = 1024;

/**
 * Which segments of a growing title are there. `growing`: more will come. `complete`: all are there. `ended`: no more
 * will come here, other renditions take its place. `withdrawn`: the film was refused, for the reason given.
 */
export const lightExtent = z.object({
  state: z.enum(['growing', 'complete', 'ended', 'withdrawn']),
  reason: z.string().optional(),
  /** In all, once it is complete. */
  segments: z.number().int().positive(),
  segmentS: z.number().positive(),
  /** First and last of each run of segments that are there, numbered from one, ascending. */
  spans: z.array(z.tuple([z.number().int(), z.number().int()])).max(5000),
});
export type LightExtent = z.infer<typeof lightExtent>;

/** The files of a segment of either kind. The name tells the number. */
export function lightFile(kind: 'v' | 'a', segment: number): string {
  return `${kind}${String(segment).padStart(5, '0')}.m4s`;
}

/** What playback tells the studio of a viewer who waits. */
export const hurryTitle = endpoint({
  id: 'hurryTitle',
  method: 'POST',
  path: '/internal/studio/titles/{id}/hurry',
  summary: 'A viewer of a growing title waits at this position; the part there is made first.',
  internal: true,
  params: z.object({ id: titleId }),
  body: z.object({ positionS: z.number().min(0) }),
  reply: emptyReply,
});
