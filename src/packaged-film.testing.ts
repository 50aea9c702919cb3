/**
 * For tests only: a film that went the whole way through the real planner, encoder, packager and manifests, without
 * stores and queues between them, and lies in a folder as it would in the bucket.
 */
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rung, TaskResult, TaskSpec } from './contracts/tasks.ts';
import type { FakeStudio } from './services/encoder/fake-studio.ts';
import { assembleFilm, type TrackResult } from './services/studio/film.ts';
import type { Film } from './services/studio/manifests/film.ts';
import { composeManifests } from './services/studio/manifests/manifests.ts';
import { addRungs, type PlannedTask, planFilm } from './services/studio/plan.ts';

export type PackagedFilm = {
  film: Film;
  /** Holds `p1/` with the manifests and a folder for each track. */
  folder: string;
  hls: string;
  dash: string;
  /** Every file of the tracks by its address relative to the manifests, and its size. */
  files: Map<string, number>;
};

type Grid = Parameters<typeof planFilm>[1];

/** `more` makes further rungs of those that were planned. */
export async function packageFilm(
  studio: FakeStudio,
  path: string,
  grid: Grid,
  more: (planned: readonly Rung[]) => Rung[] = () => [],
): Promise<PackagedFilm> {
  const master = studio.url(path);
  const run = async (spec: TaskSpec): Promise<{ task: string; result: TaskResult }> => {
    const running = studio.run(spec);
    const end = await running;
    if (end.end === 'failed') throw new Error(`${spec.kind} failed: ${end.message} ${end.log}`);
    return { task: running.task, result: end.result };
  };
  const { result: inspected } = await run({ kind: 'inspect', master, bytes: (await stat(path)).size });
  if (inspected.kind !== 'inspect' || inspected.outcome.verdict !== 'accepted') throw new Error('refused');
  const found = inspected.outcome.inspection;
  const planned = planFilm(found, grid, { name: 'standard', preset: { kind: 'standard' } });
  const added = addRungs(found, planned.plan, grid, more(planned.plan.rungs));
  const tasks: PlannedTask[] = [...planned.tasks, ...added.tasks];
  const folder = join(studio.folder, 'published');
  const inputs = new Map<string, string[]>();
  const results: TrackResult[] = [];
  for (const { track, spec } of tasks) {
    const full = spec.kind === 'package' ? { ...spec, inputs: inputs.get(track) ?? [] } : { ...spec, master };
    const { task, result } = await run(full);
    if (result.kind === 'encode-video' || result.kind === 'encode-audio') {
      const made = studio.url(studio.output(task, result.file ?? ''));
      inputs.set(track, [...(inputs.get(track) ?? []), made]);
      continue;
    }
    await mkdir(join(folder, track), { recursive: true });
    await rename(studio.output(task, ''), join(folder, track, '1'));
    results.push({ track, path: `../${track}/1/`, result });
  }
  const film = assembleFilm(added.plan, results);
  const { hls, dash, files } = composeManifests(film);
  await mkdir(join(folder, 'p1'));
  for (const { name, text } of files) await writeFile(join(folder, 'p1', name), text);
  return { film, folder, hls: `p1/${hls}`, dash: `p1/${dash}`, files: await sizes(film, folder) };
}

async function sizes(film: Film, folder: string): Promise<Map<string, number>> {
  const imsc = film.text.flatMap(({ imsc }) => imsc ?? []);
  const keys = film.video.flatMap(({ path, keys }) => (keys ? [{ path, track: keys }] : []));
  const names = [...film.video, ...keys, ...film.audio, ...imsc].flatMap(({ path, track }) =>
    [track.init, ...track.segments.map(({ name }) => name)].map((name) => path + name),
  );
  const images = film.thumbnails?.sheets.files.map((name) => film.thumbnails?.path + name) ?? [];
  const all = [...names, ...film.text.map(({ path }) => path), ...images];
  const found = all.map(async (name) => [name, (await stat(join(folder, 'p1', name))).size] as const);
  return new Map(await Promise.all(found));
}
