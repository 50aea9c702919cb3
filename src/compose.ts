/**
 * The composition root of the control process: opens the stores, makes the services that were asked for, gives
 * each its clients, and puts them on their ports.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { publicUrl } from './addresses.ts';
import { createCatalogClient } from './clients/catalog.ts';
import { createPlaybackClient } from './clients/playback.ts';
import { createSteeringClient } from './clients/steering.ts';
import { createHurryClient, createManifestKeysClient } from './clients/studio.ts';
import {
  credentialsFile,
  ensureBuckets,
  openDoorKeys,
  openKeys,
  openObjects,
  openQueue,
  openRecords,
  openTables,
} from './compose-stores.ts';
import type { About } from './contracts/about.ts';
import { errorResponse } from './contracts/serve.ts';
import { putDemoFilm } from './demo-film.ts';
import { type Directory, openDirectory } from './directory.ts';
import { ladderConfig } from './ladder-config.ts';
import type { Unit } from './main.ts';
import { MEDIA_BUCKET, QUEUES, UPLOAD_BUCKET } from './names.ts';
import { MatineeError } from './platform/errors.ts';
import { createHealthBoard, type HealthBoard } from './platform/health-board.ts';
import { type HttpServer, hostInUrl, openHttpServer } from './platform/http.ts';
import type { Health, RequestContext, Service } from './platform/service.ts';
import { tellReady } from './platform/supervisor.ts';
import type { ObjectStore } from './ports/objects/objects.ts';
import type { Role } from './roles.ts';
import { ownerOf } from './services/web/owners.ts';

type Doors = { internal: HttpServer; origin?: HttpServer; web?: HttpServer };

export async function runControl(roles: ReadonlySet<Role>, unit: Unit): Promise<void> {
  const { folder, lifecycle, settings, clock, log } = unit;
  const directory = await openDirectory(folder, settings);
  const board = createHealthBoard(clock);
  board.add('start', () => started);
  let started: Health = { ready: false, reasons: ['the program is starting'] };
  lifecycle.onShutdown('unready', 'health', () => {
    started = { ready: false, reasons: ['the program is stopping'] };
  });
  const doors = await openDoors(roles, directory, board, unit);
  void board.run(lifecycle.signal);

  const { services, objects } = await openServices(roles, doors, directory, board, unit);
  await directory.announce(
    doors.internal.url,
    services.map(({ name }) => name).filter((name) => name !== 'origin'),
  );
  if (doors.origin) await directory.announce(doors.origin.url, ['origin']);
  const running = services.map((service) => service.run?.(lifecycle.signal));
  lifecycle.onShutdown('drain', 'services', async () => void (await Promise.allSettled(running)));
  started = { ready: true };
  log.debug('control process ready', { services: services.map(({ name }) => name) });
  tellReady(addressRows(doors, unit));
  if (objects && roles.has('origin') && settings.MATINEE_DEMO) await putDemoFilm(objects, directory, unit);
}

async function openServices(
  roles: ReadonlySet<Role>,
  doors: Doors,
  directory: Directory,
  board: HealthBoard,
  unit: Unit,
): Promise<{ services: Service[]; objects?: ObjectStore }> {
  const { settings, clock, log } = unit;
  const has = (...names: Role[]) => names.some((name) => roles.has(name));
  const keys = has('origin', 'studio', 'playback') ? await openKeys(unit) : undefined;
  const tables = has('origin', 'playback', 'steering') ? await openTables(unit) : undefined;
  const records = has('records', 'origin', 'catalog', 'studio') ? await openRecords(roles, unit) : undefined;
  if (keys) board.add('keys', () => keys.health());
  if (tables) board.add('tables', () => tables.health());
  if (records) board.add('records', () => records.health());
  const queue = records && has('origin', 'catalog', 'studio') ? await openQueue(records, unit) : undefined;
  if (queue) board.add('queue', () => queue.health());
  const accessKeys = tables && keys && has('origin') ? await openDoorKeys(tables, keys, unit) : undefined;
  const doorUrl = doors.origin?.url ?? '';
  const stored = has('origin', 'catalog', 'studio')
    ? await openObjects(roles, accessKeys, doorUrl, directory, unit)
    : undefined;
  if (stored) board.add('objects', () => stored.objects.health());

  const services: Service[] = [];
  const add = (service: Service) => {
    services.push(service);
    directory.add(service);
    board.add(service.name, () => service.health());
  };
  const catalog = createCatalogClient(directory.transport('catalog'));
  const steering = createSteeringClient(directory.transport('steering'));
  const playback = createPlaybackClient(directory.transport('playback'));

  if (stored && queue && accessKeys) {
    await queue.declare(QUEUES.objectEvents, { leaseS: 30, triesMax: 10, retryDelayS: 2 });
    const { createOriginService } = await import('./services/origin/service.ts');
    const { objects, events } = stored;
    const config = {
      region: settings.MATINEE_REGION,
      eventQueue: QUEUES.objectEvents,
      corsOrigins: 'any' as const,
    };
    add(createOriginService({ objects, events, queue, accessKeys, clock, log }, config));
  }
  if (stored && has('origin', 'catalog', 'studio')) await ensureBuckets(stored.objects);
  if (stored && queue && records && has('catalog')) {
    const { createCatalogService, catalogMigrations } = await import('./services/catalog/service.ts');
    await records.migrate('catalog', catalogMigrations);
    const config = {
      mediaBucket: MEDIA_BUCKET,
      uploadBucket: UPLOAD_BUCKET,
      titleRemovedQueue: QUEUES.titleRemoved,
      doorBaseUrl: () => publicUrl(settings, doors.origin?.port ?? settings.MATINEE_ORIGIN_PORT),
    };
    add(createCatalogService({ records, objects: stored.objects, queue, clock, log }, config));
  }
  if (stored && queue && records && keys && has('studio')) {
    const { createStudioService, studioMigrations } = await import('./services/studio/service.ts');
    await records.migrate('studio', studioMigrations);
    const config = {
      mediaBucket: MEDIA_BUCKET,
      uploadBucket: UPLOAD_BUCKET,
      eventQueue: QUEUES.objectEvents,
      titleRemovedQueue: QUEUES.titleRemoved,
      taskQueue: QUEUES.tasks,
      encryption: settings.MATINEE_ENCRYPTION === 'cbcs' ? ('cbcs' as const) : ('' as const),
      segmentS: 4,
      chunkS: 24,
      gopS: 2,
      leaseS: 10,
      workKeptS: settings.MATINEE_WORK_KEPT_H * 3600,
      jobsKeptS: settings.MATINEE_JOBS_KEPT_DAYS * 24 * 3600,
      ...(await ladderConfig(settings)),
    };
    const { objects } = stored;
    add(createStudioService({ records, queue, objects, keys, catalog, steering, clock, log }, config));
  }
  if (tables && keys && has('playback')) {
    const { openPlaybackService } = await import('./services/playback/service.ts');
    const studio = createHurryClient(directory.transport('studio'));
    const config = { tokenTtlS: 6 * 3600, sessionIdleS: 120 };
    add(await openPlaybackService({ catalog, steering, studio, tables, keys, clock, log }, config));
  }
  if (tables && has('steering')) {
    const { openSteeringService } = await import('./services/steering/service.ts');
    const config = { edgeTimeoutMs: 6000, heartbeatMs: 2000 };
    const studio = createManifestKeysClient(directory.transport('studio'));
    add(await openSteeringService({ playback, studio, tables, clock, log }, config));
  }
  if (has('web')) add(await openWeb(directory, unit));
  return { services, objects: stored?.objects };
}

async function openWeb(directory: Directory, unit: Unit): Promise<Service> {
  const { createWebService, forwardOver } = await import('./services/web/service.ts');
  const { openPages } = await import('./services/web/pages.ts');
  const { openApiDocument } = await import('./contracts/openapi.ts');
  const { publicEndpoints } = await import('./contracts/public-endpoints.ts');
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const pages = await openPages(fileURLToPath(new URL('../dist/web', import.meta.url)));
  const openApi = openApiDocument(publicEndpoints, { title: 'Matinee', version });
  const forward = (name: string, request: Request, context: RequestContext) => {
    const local = directory.local(name);
    return local ? local.handle(request, context) : forwardOver(directory.transport(name), request, context);
  };
  const about = aboutText(unit);
  return createWebService({ pages, forward, openApi, about, log: unit.log });
}

/** The path of the credentials is told only where nobody but this machine's own users can ask for it. */
function aboutText({ settings, folder }: Unit): About {
  const host = settings.MATINEE_HOST;
  const alone = host === '127.0.0.1' || host === '::1' || host === 'localhost';
  return {
    door: publicUrl(settings, settings.MATINEE_ORIGIN_PORT),
    credentials: alone ? credentialsFile(folder) : null,
  };
}

/** Opens the ports at once, so that `/healthz` tells from the first moment why the rest is not ready yet. */
async function openDoors(
  roles: ReadonlySet<Role>,
  directory: Directory,
  board: HealthBoard,
  unit: Unit,
): Promise<Doors> {
  const { settings, lifecycle, log } = unit;
  const host = settings.MATINEE_HOST;
  const open = async (
    port: number,
    handle: (request: Request, context: RequestContext) => Promise<Response>,
  ) => {
    const isTrusted = directory.isTrusted;
    const server = await openHttpServer({ host, port, handle, health: () => board.health(), isTrusted, log });
    lifecycle.onShutdown('drain', 'http', () => server.close());
    return server;
  };
  const to = (name: string) => async (request: Request, context: RequestContext) => {
    const service = directory.local(name);
    return service
      ? service.handle(request, context)
      : errorResponse(new MatineeError('unavailable', `${name} is not ready yet`));
  };
  return {
    internal: await open(settings.MATINEE_INTERNAL_PORT, async (request, context) => {
      // Public paths too: the checks of the front door would be passed by otherwise.
      if (!context.trusted)
        return errorResponse(new MatineeError('unauthenticated', 'this port is for the other services'));
      const { pathname } = new URL(request.url);
      const name = /^\/internal\/([a-z]+)\//.exec(pathname)?.[1] ?? ownerOf(pathname) ?? '';
      return to(name)(request, withViewerAddress(request, context));
    }),
    ...(roles.has('origin') ? { origin: await open(settings.MATINEE_ORIGIN_PORT, to('origin')) } : {}),
    ...(roles.has('web') ? { web: await open(settings.MATINEE_PORT, to('web')) } : {}),
  };
}

/** A request that the front door of another process handed on carries the viewer's address. */
function withViewerAddress(request: Request, context: RequestContext): RequestContext {
  const address = context.trusted ? request.headers.get('x-forwarded-for') : null;
  return address === null ? context : { ...context, remoteAddress: address };
}

function addressRows(doors: Doors, unit: Unit): Array<readonly [string, string]> {
  const { settings, folder } = unit;
  const host = settings.MATINEE_HOST === '127.0.0.1' ? 'localhost' : hostInUrl(settings.MATINEE_HOST);
  return [
    ...(doors.web ? [['library', `http://${host}:${doors.web.port}`] as const] : []),
    ...(doors.origin
      ? [
          ['S3 door', `http://${host}:${doors.origin.port}`] as const,
          ['credentials', credentialsFile(folder)] as const,
        ]
      : []),
  ];
}
