/**
 * Sound in several codecs: HLS wants one group for each, since all renditions of a group must be playable by whoever
 * takes the variant (RFC 8216bis, 4.4.6.1.1). The one that everybody plays comes first.
 */
import type { FilmAudio } from './film.ts';

export type AudioGroup = { id: string; members: FilmAudio[] };

/** What stands before the first dot says which decoder is needed, except that `mp4a` is several. */
export function codecFamily(codecs: string): string {
  return (codecs.startsWith('mp4a.') ? codecs.split('.', 2).join('.') : codecs.split('.')[0]) ?? codecs;
}

const AAC = 'mp4a.40';

/** Whether both are one sound, perhaps in another codec: labels of different streams differ in one codec. */
export function isSameSound(a: FilmAudio, b: FilmAudio): boolean {
  if (codecFamily(a.track.codecs) === codecFamily(b.track.codecs)) return a.id === b.id;
  return a.label === b.label && a.language === b.language && a.audioDescription === b.audioDescription;
}

/**
 * Each group has a default where the film has one. A codec that has not all tracks, as long as some are still being made,
 * has no group: those of one film must have the same members (RFC 8216bis, 4.4.6.1.1).
 */
export function audioGroups(audio: readonly FilmAudio[]): AudioGroup[] {
  const families = [...Map.groupBy(audio, ({ track }) => codecFamily(track.codecs))];
  if (families.length === 1) return [{ id: 'audio', members: [...audio] }];
  const chosen = audio.find((one) => one.default);
  const most = Math.max(...families.map(([, members]) => members.length));
  return families
    .filter(([, members]) => members.length === most)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([family, members]) => ({
      id: `audio-${family.replaceAll('.', '-')}`,
      members: members.map((one) => ({
        ...one,
        default: chosen !== undefined && isSameSound(one, chosen),
      })),
    }));
}

const rank = (family: string) => (family === AAC ? 0 : 1);
