/**
 * The catalog: what is in the library and how far each title is. It tells viewers, takes reports from the studio,
 * and opens browser uploads. It never looks into a master and never encodes.
 */
import { createEndpointServer, route } from '../../contracts/serve.ts';
import { TITLE_REMOVED_QUEUE } from '../../contracts/title-removed.ts';
import {
  deleteTitle,
  editTitle,
  getArtwork,
  getPublication,
  getTitle,
  listTitles,
  openTitle,
  publishTitle,
  reportTitle,
  withdrawPublication,
} from '../../contracts/titles.ts';
import { abortUpload, completeUpload, getUpload, signParts, startUpload } from '../../contracts/uploads.ts';
import type { Clock } from '../../platform/clock.ts';
import { ignoring } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Health, Service } from '../../platform/service.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import type { Records } from '../../ports/records/records.ts';
import { artwork } from './artwork.ts';
import { sendRemovals } from './removals.ts';
import { type CatalogTables, titleOf } from './tables.ts';
import { createTitles } from './titles.ts';
import { createUploads } from './uploads.ts';

export { catalogMigrations } from './migrations.ts';

export type CatalogDeps = { records: Records; objects: ObjectStore; queue: Queue; clock: Clock; log: Log };

export type CatalogConfig = {
  mediaBucket: string;
  uploadBucket: string;
  titleRemovedQueue: string;
  /** Scheme, host and port of the S3 door as browsers reach it. */
  doorBaseUrl(): string;
};

const TIDY_EVERY_MS = 30_000;

export function createCatalogService(deps: CatalogDeps, config: CatalogConfig): Service {
  const { records, objects, queue, clock, log } = deps;
  const db = records.db<CatalogTables>();
  const titles = createTitles(db, clock);
  const { uploadBucket: bucket, doorBaseUrl, mediaBucket, titleRemovedQueue } = config;
  const uploads = createUploads({ db, titles, objects, bucket, doorBaseUrl, clock });
  let health: Health = { ready: false, reasons: ['its queue is not declared yet'] };

  const tidy = async () => {
    await sendRemovals(titles, queue, titleRemovedQueue);
    await uploads.sweep();
  };
  const remove = async (id: string) => {
    await titles.find(id);
    await uploads.endOfTitle(id);
    await titles.remove(id).catch(ignoring('not_found'));
    // The title is gone already; a queue that is away gets the job from `run`.
    await sendRemovals(titles, queue, titleRemovedQueue).catch((error) =>
      log.warn('media of a deleted title is removed later', { title: id, error }),
    );
  };

  const handle = createEndpointServer(
    [
      route(listTitles, async ({ query }) => titles.list(query)),
      route(getTitle, async ({ params }) => titleOf(await titles.find(params.id))),
      route(editTitle, async ({ params, body }) => titles.edit(params.id, body.name)),
      route(deleteTitle, async ({ params }) => {
        await remove(params.id);
        return {};
      }),
      route(getArtwork, async ({ params }, { request }) =>
        artwork({ titles, objects, mediaBucket }, params.id, params.file, request),
      ),
      route(openTitle, async ({ body }) => titles.open(body)),
      route(reportTitle, async ({ params, body }) => {
        await titles.report(params.id, body);
        return {};
      }),
      route(publishTitle, async ({ params, body }) => {
        await titles.publish(params.id, body);
        return {};
      }),
      route(withdrawPublication, async ({ params }) => {
        await titles.withdraw(params.id, params.number);
        return {};
      }),
      route(getPublication, async ({ params, query }, { request }) =>
        titles.publication(params.id, query.waitMs, request.signal),
      ),
      route(startUpload, async ({ body }) => uploads.start(body)),
      route(getUpload, async ({ params }) => uploads.get(params.id)),
      route(signParts, async ({ params, body }) => uploads.sign(params.id, body.partNumbers)),
      route(completeUpload, async ({ params }) => uploads.complete(params.id)),
      route(abortUpload, async ({ params }) => {
        await uploads.abort(params.id);
        return {};
      }),
    ],
    log,
  );

  return {
    name: 'catalog',
    handle,
    health: () => health,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          if (!health.ready) await queue.declare(titleRemovedQueue, TITLE_REMOVED_QUEUE);
          health = { ready: true };
          await tidy();
        } catch (error) {
          log.warn('the catalog tidies up later', { error });
        }
        await clock.sleep(health.ready ? TIDY_EVERY_MS : 1000, signal).catch(() => undefined);
      }
    },
  };
}
