/**
 * Tells of a first light as it grows: writes its manifests anew whenever it reaches further, under names that stay,
 * and publishes the title with the first span. The files are written while the title's row is locked, so that of two
 * studios none writes an older state over a newer one; a crash between the files and the row writes them once more.
 */

import { EXTENT_FILE, type LightExtent } from '../../contracts/light.ts';
import type { Publication } from '../../contracts/titles.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { publishedKeys } from './content-keys.ts';
import { doneSpans, type Light, storeLight } from './light.ts';
import { growingFilm, wholeFilm } from './light-film.ts';
import { type DoneSpan, reachOf, spansOf } from './light-tracks.ts';
import { DASH_ENTRY } from './manifests/dash.ts';
import { HLS_ENTRY } from './manifests/hls.ts';
import { composeManifests } from './manifests/manifests.ts';
import { publicationPrefix, titlePrefix } from './prefixes.ts';
import { CACHE_FOR_EVER, isReplaced, type PublishDeps } from './publish.ts';
import { lockTitle, updateTitle } from './rows.ts';
import type { Db, TitleRow } from './tables.ts';

/**
 * Edges ask the store again after a second, however many viewers ask them, and go on with what they have while the
 * store is away. A viewer who is told of the next segments a second late has lost nothing.
 */
const CACHE_BRIEFLY = 'public, max-age=1, stale-if-error=60';
const WHOLE = 'whole/';

/** Resolves to true when the title's row changed. */
export async function growLight(
  deps: PublishDeps,
  mediaBucket: string,
  seen: TitleRow,
  signal: AbortSignal,
): Promise<boolean> {
  if (!seen.light) return false;
  const id = seen.title;
  const grown = await deps.db.transaction().execute(async (tx) => {
    const title = await lockTitle(tx, id);
    if (!title?.light || title.state === 'removed') return undefined;
    const { light } = title;
    const done = await doneSpans(tx, title);
    const told = JSON.stringify([light.state, spansOf(done)]);
    const reach = reachOf(done);
    if (isOver(title)) {
      if (light.number !== null && told !== light.told)
        await writeExtent(deps, mediaBucket, title, { ...light, number: light.number }, done);
      return { title, light };
    }
    if (told === light.told || reach === 0) return light.number === null ? undefined : { title, light };
    if (light.number === null && (await isReplaced(deps.objects, title))) return undefined;
    const number = light.number ?? title.publications + 1;
    const { grid } = light.plan;
    const next = { ...light, number, told, reachS: Math.min(grid.durationS, reach * grid.segmentS) };
    await writeManifests(deps, mediaBucket, title, next, done, light.number === null);
    await storeLight(tx, title, next);
    await updateTitle(tx, id, { publications: Math.max(title.publications, number) });
    return { title, light: next };
  });
  if (!grown) return false;
  await tellCatalog(deps, grown.title, grown.light, signal);
  if (!isOver(grown.title)) return grown.light.told !== seen.light.told || seen.published === null;
  await deps.db
    .updateTable('studio.titles')
    .set({ light: null })
    .where('title', '=', id)
    .where('version', '=', grown.title.version)
    .execute();
  return true;
}

const isOver = ({ state }: TitleRow) => state === 'ready' || state === 'refused';

/** Once, and again after a crash: the catalog takes a number once only. */
async function tellCatalog(
  { db, catalog, log }: PublishDeps,
  title: TitleRow,
  light: Light,
  signal: AbortSignal,
): Promise<void> {
  const { number } = light;
  const { title: id, version } = title;
  if (number === null) return;
  if (light.state === 'withdrawn') {
    await catalog.withdrawPublication({ params: { id, number } }, signal);
    return;
  }
  if (title.published !== null || isOver(title)) return;
  const body = { ...publicationOf(title, light, number), contentKeys: await publishedKeys(db, title) };
  await catalog.publishTitle({ params: { id }, body }, signal);
  await db
    .updateTable('studio.titles')
    .set({ published: JSON.stringify({ number, version, tracks: [] }) })
    .where('title', '=', id)
    .where('version', '=', version)
    .where('published', 'is', null)
    .where('state', 'in', ['inspecting', 'encoding'])
    .execute();
  log.info('first light', { title: id, number });
}

function publicationOf(title: TitleRow, light: Light, number: number): Publication {
  const { plan } = light;
  const folder = publicationPrefix(title.title, { version: title.version, number });
  const language = plan.audio?.stream.language;
  return {
    ...{ number, prefix: titlePrefix(title.title), hls: folder + HLS_ENTRY, dash: folder + DASH_ENTRY },
    ...{ poster: null, thumbnails: null, durationS: plan.grid.durationS },
    ...{ width: plan.found.video.width, height: plan.found.video.height, renditions: [plan.rung.name] },
    ...{ audioLanguages: language === undefined ? [] : [language], captionLanguages: [] },
    growing: {
      hls: folder + WHOLE + HLS_ENTRY,
      dash: folder + WHOLE + DASH_ENTRY,
      extent: folder + EXTENT_FILE,
    },
  };
}

type Numbered = Light & { number: number };
type Stored = { name: string; contentType: string; text: string };

async function writeManifests(
  deps: PublishDeps,
  mediaBucket: string,
  title: TitleRow,
  light: Numbered,
  done: readonly DoneSpan[],
  isFirst: boolean,
): Promise<void> {
  const put = putter(deps, mediaBucket, title, light);
  const grows = light.state === 'growing';
  const growing = composeManifests(growingFilm(light.plan, done, grows ? light.sinceMs : undefined));
  const whole = isFirst ? composeManifests(wholeFilm(light.plan, done)).files : [];
  await Promise.all([
    ...growing.files.map((file) => put(file, CACHE_BRIEFLY)),
    ...whole.map((file) => put({ ...file, name: WHOLE + file.name }, CACHE_FOR_EVER)),
    writeExtent(deps, mediaBucket, title, light, done),
  ]);
}

/** Tells those who watch that this light has come to an end, whatever its row says by now. */
export async function tellExtent(
  deps: { db: Db; objects: ObjectStore; mediaBucket: string },
  title: TitleRow,
  state: LightExtent['state'],
): Promise<void> {
  const { light } = title;
  if (!light || light.number === null) return;
  const done = await deps.db.transaction().execute((tx) => doneSpans(tx, title));
  await writeExtent(deps, deps.mediaBucket, title, { ...light, state, number: light.number }, done);
}

async function writeExtent(
  deps: { objects: ObjectStore },
  mediaBucket: string,
  title: TitleRow,
  light: Numbered,
  done: readonly DoneSpan[],
): Promise<void> {
  const { segments, grid } = light.plan;
  const why = light.state === 'withdrawn' && title.reason !== null ? { reason: title.reason } : {};
  const extent: LightExtent = {
    ...{ state: light.state, ...why, segments, segmentS: grid.segmentS },
    spans: spansOf(done),
  };
  const file = { name: EXTENT_FILE, contentType: 'application/json', text: JSON.stringify(extent) };
  await putter(deps, mediaBucket, title, light)(file, CACHE_BRIEFLY);
}

function putter(
  { objects }: { objects: ObjectStore },
  mediaBucket: string,
  title: TitleRow,
  { number }: Numbered,
) {
  const folder = publicationPrefix(title.title, { version: title.version, number });
  return async ({ name, contentType, text }: Stored, cacheControl: string) => {
    const body = Buffer.from(text);
    const options = { contentType, cacheControl, length: body.byteLength };
    await objects.put(mediaBucket, folder + name, body, options);
  };
}
