/**
 * The manifest of hashes of a publication: every file once, with its size and digest, in the order in which edges
 * should have them. First the opening of each track, low renditions first, then the rest in the order in which it is
 * watched. Files whose digest no worker told are left out: edges fetch those when they are asked for. Pure.
 */
import { createHash } from 'node:crypto';
import { HASHED_FILES_MAX, HASHES_FILE, type HashedFile, OPENING_S } from '../../contracts/fill.ts';
import type { PackagedTrack, TaskResult } from '../../contracts/tasks.ts';
import type { Film } from './manifests/film.ts';
import type { ManifestFile } from './manifests/manifests.ts';

/** Where the manifest is, and what steering is told of it. */
export type Hashes = { key: string; sha256: string; size: number; bytes: number };
type Result = { prefix: string; path: string; result: TaskResult };
/** A file, by its address relative to the manifests, and when it is shown first. */
type Timed = { path: string; atS: number };

export function composeHashes(
  root: string,
  folder: string,
  film: Film,
  manifests: readonly ManifestFile[],
  results: readonly Result[],
): Hashes & { text: string } {
  const known = new Map([
    ...manifests.map(({ name, text }) => [folder + name, hashed(folder + name, text)] as const),
    ...results.flatMap(digestsOf),
  ]);
  const keyOf = keyResolver(results, folder);
  const seen = new Set<string>();
  const take = (paths: readonly string[]): HashedFile[] =>
    paths.flatMap((path) => {
      const key = keyOf(path);
      const file = known.get(key);
      if (!file || seen.has(key)) return [];
      seen.add(key);
      return [{ ...file, key: key.slice(root.length) }];
    });
  const { opening, rest } = inOrder(film, results);
  const first = take([...manifests.map(({ name }) => name), ...opening]);
  const files = [...first, ...take(rest)].slice(0, HASHED_FILES_MAX);
  const text = JSON.stringify({ format: 1, opening: Math.min(first.length, files.length), files });
  const { sha256, size } = hashed('', text);
  return {
    text,
    key: folder + HASHES_FILE,
    sha256,
    size,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  };
}

function inOrder(film: Film, results: readonly Result[]): { opening: string[]; rest: string[] } {
  const sound = film.audio.toSorted((a, b) => Number(b.default) - Number(a.default));
  const tracks = [...sound, ...film.video].map(({ path, track }) => timesOf(path, track));
  const isEarly = ({ atS }: Timed) => atS < OPENING_S;
  const later = tracks.flatMap((files) => files.filter((file) => !isEarly(file)));
  const images = results.flatMap(({ path, result }) =>
    result.kind === 'images'
      ? [result.poster, ...(result.sheets?.files ?? [])].map((name) => path + name)
      : [],
  );
  return {
    opening: [
      ...tracks.flatMap((files) => files.filter(isEarly)).map(({ path }) => path),
      ...film.text.map(({ path }) => path),
      ...images.slice(0, 2),
    ],
    // The sort is stable: of what is shown at one time, sound and low renditions stay first.
    rest: [...later.toSorted((a, b) => a.atS - b.atS).map(({ path }) => path), ...images.slice(2)],
  };
}

function timesOf(path: string, { init, segments, startTicks, timescale }: PackagedTrack): Timed[] {
  let ticks = startTicks;
  const media = segments.map(({ name, ticks: length }) => {
    const atS = ticks / timescale;
    ticks += length;
    return { path: path + name, atS };
  });
  return [{ path: path + init, atS: 0 }, ...media];
}

function digestsOf({ prefix, result }: Result): Array<readonly [string, HashedFile]> {
  const files = 'files' in result ? (result.files ?? []) : [];
  return files.map(({ name, bytes, sha256 }) => {
    const key = prefix + name;
    return [key, { key, size: bytes, sha256 }] as const;
  });
}

/** From an address relative to the manifests to a key. */
function keyResolver(results: readonly Result[], folder: string): (path: string) => string {
  const prefixes = new Map(results.map(({ path, prefix }) => [path, prefix]));
  return (path) => {
    const end = path.lastIndexOf('/') + 1;
    return (prefixes.get(path.slice(0, end)) ?? folder) + path.slice(end);
  };
}

function hashed(key: string, text: string): HashedFile {
  return {
    key,
    size: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('base64url'),
  };
}
