/** The clips of the media folder that the benchmark encodes, and where that folder is. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Clip = {
  readonly id: string;
  readonly file: string;
  /** Where the part begins that is encoded, in seconds. */
  readonly fromS: number;
};

export const CLIPS: readonly Clip[] = [
  { id: 'football', file: 'sam2-juggle-720p24.mp4', fromS: 0 },
  { id: 'dog', file: 'sam2-dog-720p30.mp4', fromS: 0 },
  { id: 'coffee', file: 'sam2-coffee-720p30.mp4', fromS: 0 },
  { id: 'cartoon', file: 'bbb-720p-90s.mp4', fromS: 40 },
  { id: 'cartoon-4k', file: 'bbb-2160p60-16s.mp4', fromS: 4 },
  { id: 'surveillance', file: 'intel-person-432p10.mp4', fromS: 20 },
  { id: 'graphics', file: 'mediabunny-motion-graphics-1080p25.mp4', fromS: 0 },
  { id: 'slides', file: 'screen-slides-1080p15.mp4', fromS: 4 },
  { id: 'cave', file: 'sintel-dark-cave-4k-hevc.mp4', fromS: 3 },
  { id: 'montage', file: 'sintel-montage-1080p-multitrack.mkv', fromS: 24 },
];

/** `MATINEE_MEDIA`, else the folder beside the project that its clips are kept in. */
export function mediaFolder(): string {
  const beside = fileURLToPath(new URL('../../../shared/media', import.meta.url));
  return resolve(process.env.MATINEE_MEDIA ?? beside);
}

/** The file of a clip, or why there is none. */
export function clipFile({ file }: Clip): string | { missing: string } {
  const path = join(mediaFolder(), file);
  return existsSync(path) ? path : { missing: `${path} is not there; MATINEE_MEDIA names the folder` };
}
