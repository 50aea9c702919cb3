/** How a master's pictures become those of its renditions, as inspection found them. Pure. */
import type { Inspection } from '../../contracts/tasks.ts';

/** How the master's pictures are treated, the same for all rungs. */
export function pictureOf({ video, startS }: Inspection) {
  const { frameRate, interlaced, colour, fullRange, crop, firstField, mastering } = video;
  return {
    ...{ frameRate, startS, deinterlace: interlaced, fullRange },
    toneMap: colour === 'sdr' ? ('none' as const) : colour,
    ...(crop ? { crop } : {}),
    ...(video.cadence === 'telecine' && firstField ? { detelecine: firstField } : {}),
    ...(mastering ? { mastering } : {}),
  };
}
