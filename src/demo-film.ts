/** Puts the film that ships with the program into an installation that has never had it. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCatalogClient } from './clients/catalog.ts';
import type { Directory } from './directory.ts';
import type { Unit } from './main.ts';
import { DEMO_BUCKET } from './names.ts';
import { isMatineeError } from './platform/errors.ts';
import { writeFileAtomic } from './platform/files.ts';
import { retry } from './platform/retry.ts';
import type { ObjectStore } from './ports/objects/objects.ts';

const KEY = 'sintel-excerpt.mp4';
const NAME = 'Sintel (excerpt)';
const ATTRIBUTION =
  '“Sintel” © 2010 Blender Foundation, durian.blender.org; music from “Big Buck Bunny” © 2008 Blender Foundation, ' +
  'peach.blender.org. Both CC BY 3.0; cut and encoded anew.';

/** Once only: an operator who deleted the demo does not get it back at the next start. */
export async function putDemoFilm(objects: ObjectStore, directory: Directory, unit: Unit): Promise<void> {
  const marker = join(unit.folder, 'demo-film');
  if (await exists(marker)) return;
  await nameTitle(directory, unit);
  const film = await readFile(new URL(`../demo/${KEY}`, import.meta.url));
  if (!(await objects.headBucket(DEMO_BUCKET))) await objects.createBucket(DEMO_BUCKET);
  await objects.put(DEMO_BUCKET, KEY, film, { contentType: 'video/mp4' });
  await writeFileAtomic(
    marker,
    'The demo film was put into this library; remove this file to get it again.\n',
  );
}

/** The title comes before its master, so that it has its name and its credit line from the first moment. */
async function nameTitle(directory: Directory, unit: Unit): Promise<void> {
  const { clock, lifecycle } = unit;
  const { signal } = lifecycle;
  const catalog = createCatalogClient(directory.transport('catalog'));
  const retryable = (error: unknown) => isMatineeError(error, 'unavailable');
  await retry(
    () =>
      catalog.openTitle(
        { body: { bucket: DEMO_BUCKET, key: KEY, name: NAME, attribution: ATTRIBUTION } },
        signal,
      ),
    { triesMax: 200, waitMs: 500, waitMaxMs: 2000, clock, signal, retryable },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
