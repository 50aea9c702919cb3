/**
 * Makes a publication: manifests under names that are used once, then one call to the catalog, which is the switch.
 * The intention is stored first; after a crash the same publication is made again to the letter, so it does not
 * matter where the crash came.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { SteeringClient } from '../../clients/steering.ts';
import { HASHES_FILE, type HashSignature, SIGNATURE_FILE } from '../../contracts/fill.ts';
import type { Publication } from '../../contracts/titles.ts';
import { assert } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { retry } from '../../platform/retry.ts';
import { ignoreAbsent } from '../../ports/objects/absent.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { publishedKeys } from './content-keys.ts';
import { assembleFilm, type TrackResult } from './film.ts';
import { composeHashes, type Hashes } from './hashes.ts';
import type { ManifestSigner } from './manifest-signer.ts';
import { composeManifests } from './manifests/manifests.ts';
import { IMAGES_TRACK } from './plan.ts';
import { outputPrefix, PUBLISHED, publicationPrefix, titlePrefix, versionPrefix } from './prefixes.ts';
import { addRemovals, LATE_VIEWERS_MS } from './removals.ts';
import { lockTitle, updateTitle } from './rows.ts';
import type { Db, PublicationRow, TitleRow } from './tables.ts';

export type PublishDeps = {
  db: Db;
  objects: ObjectStore;
  signer: ManifestSigner;
  catalog: CatalogClient;
  steering: Pick<SteeringClient, 'announceFill'>;
  clock: Clock;
  log: Log;
};

type SignedHashes = Hashes & { signature: HashSignature };

export const CACHE_FOR_EVER = 'public, max-age=31536000, immutable';
/** Edges are told of a publication with so many tries; it is none the worse if they are not. */
const TELL_EDGES = { triesMax: 4, waitMs: 500, waitMaxMs: 4000 };
const TELL_LIMIT_MS = 2000;

/** Stores what is to be published next; resolves to undefined when the title has moved on meanwhile. */
export async function intend(
  db: Db,
  title: TitleRow,
  tracks: readonly string[],
): Promise<PublicationRow | undefined> {
  return db.transaction().execute(async (tx) => {
    const now = await lockTitle(tx, title.title);
    if (now?.state !== 'encoding' || now.version !== title.version) return undefined;
    if (now.pending) return now.pending;
    const pending = { number: now.publications + 1, version: now.version, tracks: [...tracks] };
    const values = { pending: JSON.stringify(pending), publications: pending.number };
    await updateTitle(tx, title.title, values);
    return pending;
  });
}

/**
 * Makes the stored intention come true. Resolves to false when the master was replaced since, whose event is on its
 * way: a chunk could have been read from the new bytes. Throws not_found when the title is gone.
 */
export async function publish(
  deps: PublishDeps,
  mediaBucket: string,
  title: TitleRow,
  pending: PublicationRow,
  signal: AbortSignal,
): Promise<boolean> {
  const { db, catalog, log } = deps;
  if (await isReplaced(deps.objects, title)) return false;
  const folder = publicationPrefix(title.title, pending);
  const results = await readResults(db, title, pending, folder);
  const { body, hashes } = await writeManifests(deps, mediaBucket, title, pending, results);
  const contentKeys = await publishedKeys(db, title);
  await catalog.publishTitle({ params: { id: title.title }, body: { ...body, contentKeys } }, signal);
  await settle(deps, title, pending);
  log.info('published', { title: title.title, number: pending.number, renditions: body.renditions });
  void tellEdges(deps, title.title, { number: pending.number, ...hashes }, signal);
  return true;
}

/** Never rejects: an edge that is not told fetches what viewers ask for. */
async function tellEdges(
  { steering, clock, log }: PublishDeps,
  title: string,
  { number, key: hashes, sha256, size, bytes, signature }: SignedHashes & { number: number },
  signal: AbortSignal,
): Promise<void> {
  const call = { params: { title }, body: { number, hashes, sha256, size, bytes, signature } };
  const once = () =>
    steering.announceFill(call, AbortSignal.any([signal, AbortSignal.timeout(TELL_LIMIT_MS)]));
  try {
    await retry(once, { ...TELL_EDGES, clock, signal });
  } catch (error) {
    if (!signal.aborted) log.warn('edges could not be told of a publication', { title, error });
  }
}

export async function isReplaced(objects: ObjectStore, title: TitleRow): Promise<boolean> {
  const master = await objects.head(title.bucket, title.key).catch(ignoreAbsent);
  // A master that was deleted was not replaced: what was made of it is good.
  return master !== undefined && master.etag !== title.etag;
}

async function readResults(
  db: Db,
  title: TitleRow,
  pending: PublicationRow,
  folder: string,
): Promise<Array<TrackResult & { prefix: string }>> {
  const rows = await db
    .selectFrom('studio.tasks')
    .selectAll()
    .where('title', '=', title.title)
    .where('version', '=', pending.version)
    .where('track', 'in', pending.tracks)
    .where('kind', 'in', [...PUBLISHED])
    .where('state', '=', 'done')
    .execute();
  return rows.flatMap((row) => {
    if (!row.result) return [];
    const prefix = outputPrefix(row, row.attempt);
    return [{ track: row.track, prefix, path: relativeTo(folder, prefix), result: row.result }];
  });
}

/** From one folder to another, both of the same version of a title. */
function relativeTo(folder: string, prefix: string): string {
  const root = folder.replace(/[^/]+\/$/, '');
  assert(prefix.startsWith(root), 'tracks and manifests of a publication lie in the same folder');
  return `../${prefix.slice(root.length)}`;
}

async function writeManifests(
  { objects, signer }: Pick<PublishDeps, 'objects' | 'signer'>,
  mediaBucket: string,
  title: TitleRow,
  pending: PublicationRow,
  results: ReadonlyArray<TrackResult & { prefix: string }>,
): Promise<{ body: Publication; hashes: SignedHashes }> {
  const { plan, inspection } = title;
  assert(plan && inspection, 'a title that is published has a plan');
  const film = assembleFilm(plan, results, inspection.chapters);
  const { hls, dash, thumbnails, chapters, files } = composeManifests(film);
  const folder = publicationPrefix(title.title, pending);
  const { text: hashText, ...hashes } = composeHashes(titlePrefix(title.title), folder, film, files, results);
  const signature = await signer.sign(hashText);
  const contentType = 'application/json';
  const last = [
    { name: SIGNATURE_FILE, contentType, text: JSON.stringify(signature) },
    { name: HASHES_FILE, contentType, text: hashText },
  ];
  for (const { name, contentType, text } of [...files, ...last]) {
    const body = Buffer.from(text);
    const options = { contentType, cacheControl: CACHE_FOR_EVER, length: body.byteLength };
    await objects.put(mediaBucket, folder + name, body, options);
  }
  const images = results.find(({ track }) => track === IMAGES_TRACK);
  const body = {
    number: pending.number,
    prefix: titlePrefix(title.title),
    hls: folder + hls,
    dash: folder + dash,
    poster: images?.result.kind === 'images' ? images.prefix + images.result.poster : null,
    thumbnails: thumbnails === null ? null : folder + thumbnails,
    ...(chapters === null ? {} : { chapters: folder + chapters }),
    durationS: film.durationS,
    width: inspection.video.width,
    height: inspection.video.height,
    renditions: film.video.map(({ name }) => name),
    audioLanguages: [...new Set(film.audio.map(({ language }) => language))],
    captionLanguages: [...new Set(film.text.map(({ language }) => language))],
  };
  return { body, hashes: { ...hashes, signature } };
}

/** Records that the catalog has it. What an older master's publication was made of goes when nobody can watch it. */
async function settle({ db, clock }: PublishDeps, title: TitleRow, pending: PublicationRow): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const now = await lockTitle(tx, title.title);
    if (!now || now.state === 'removed') return;
    const before = now.published;
    if (before && before.number >= pending.number) return;
    await updateTitle(tx, title.title, {
      published: JSON.stringify(pending),
      ...(now.pending?.number === pending.number ? { pending: null } : {}),
    });
    // A newer master may have come in this very moment and have condemned what is watched from now on.
    const own = versionPrefix(title.title, pending.version);
    await tx.deleteFrom('studio.removals').where('prefix', '=', own).execute();
    if (before && before.version !== pending.version) {
      const old = versionPrefix(title.title, before.version);
      await addRemovals(tx, [old], clock.now() + LATE_VIEWERS_MS);
    }
  });
}
