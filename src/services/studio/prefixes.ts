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

const PUBLISHED: readonly TaskKind[] = ['package', 'extract-text', 'images'];

export const titlePrefix = (title: string) => `titles/${title}/`;
export const versionPrefix = (title: string, version: number) => `titles/${title}/${version}/`;
export const workPrefix = (title: string) => `work/${title}/`;
export const versionWorkPrefix = (title: string, version: number) => `work/${title}/${version}/`;

export function publicationPrefix(title: string, publication: { version: number; number: number }): string {
  return `${versionPrefix(title, publication.version)}p${publication.number}/`;
}

/** Where an attempt at a task puts its outputs. */
export function outputPrefix(
  task: Pick<TaskRow, 'title' | 'version' | 'kind' | 'track' | 'name'>,
  attempt: number,
): string {
  const { title, version, kind, track, name } = task;
  return PUBLISHED.includes(kind)
    ? `${versionPrefix(title, version)}${track}/${attempt}/`
    : `${versionWorkPrefix(title, version)}${name}/${attempt}/`;
}
