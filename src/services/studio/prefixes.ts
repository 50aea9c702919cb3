/**
 * Where the studio's objects lie in the media bucket. Whatever viewers may read is below `titles/`, the only prefix
 * that the edges' key opens; work in progress is below `work/`. A name holds title, master and attempt, so that it is
 * written once and never changes.
 *
 *     titles/<title>/<version>/<track>/<attempt>/…   segments, captions, images
 *     titles/<title>/<version>/p<publication>/…      manifests
 *     work/<title>/<version>/<task>/<attempt>/…      encoded chunks and sound
 */
import type { TaskKind } from '../../contracts/tasks.ts';
import type { TaskRow } from './tables.ts';

/** Of the track's own folder among those of its version. */
export const trackFolder = (track: string, attempt: number) => `${track}/${attempt}/`;
export const trackPrefix = (title: string, version: number, track: string, attempt: number) =>
  versionPrefix(title, version) + trackFolder(track, attempt);

/** Tasks whose results publications are made of. */
export const PUBLISHED: readonly TaskKind[] = ['package', 'extract-text', 'transcribe', 'images'];

export const titlePrefix = (title: string) => `titles/${title}/`;
export const versionPrefix = (title: string, version: number) => `titles/${title}/${version}/`;
export const workPrefix = (title: string) => `work/${title}/`;
export const versionWorkPrefix = (title: string, version: number) => `work/${title}/${version}/`;

export function publicationPrefix(title: string, publication: { version: number; number: number }): string {
  return `${versionPrefix(title, publication.version)}p${publication.number}/`;
}

/** Where an attempt at a task puts its outputs. */
export function outputPrefix(
  task: Pick<TaskRow, 'title' | 'version' | 'kind' | 'track' | 'name' | 'spec'>,
  attempt: number,
): string {
  const { title, version, kind, track, name, spec } = task;
  // Spans of the first light share one folder, as if it were made by attempt 0 at packaging its rung.
  if (spec.kind === 'first-light') return trackPrefix(title, version, spec.rung.name, 0);
  return PUBLISHED.includes(kind)
    ? trackPrefix(title, version, track, attempt)
    : `${versionWorkPrefix(title, version)}${name}/${attempt}/`;
}
