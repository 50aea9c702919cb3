/**
 * The S3 door: Amazon S3's API over an object store. Every request is authenticated, routed, authorised and only
 * then run; failures leave as S3's own XML. Operations live in routes/, one a file.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { RequestContext, Service } from '../../platform/service.ts';
import type { ObjectEvents, ObjectStore } from '../../ports/objects/objects.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import type { AccessKeys } from './access-keys.ts';
import { type AccessNeed, allows } from './access-scope.ts';
import { authenticate, type Caller } from './authenticate.ts';
import { allowOrigin, answerPreflight, type CorsOrigins } from './cors.ts';
import { relayEvents } from './event-relay.ts';
import { createHealthPoll } from './health-poll.ts';
import { type Operation, OWNER, type Target } from './operation.ts';
import { openPayload, type Payload } from './payload.ts';
import { findOperation } from './router.ts';
import { errorXml, S3Error, toS3Error } from './s3-error.ts';
import { isBucketName, readS3Request, type S3Request } from './s3-request.ts';
import { createSigningKeys } from './signing-keys.ts';

export type OriginDeps = {
  objects: ObjectStore;
  /** With `queue`, events of the store go to the event queue while `run` runs. */
  events?: ObjectEvents;
  queue?: Queue;
  accessKeys: AccessKeys;
  clock: Clock;
  log: Log;
};

export type OriginConfig = {
  region: string;
  eventQueue: string;
  /** There is no anonymous access; the name is kept so that nobody can ask for it. */
  anonymousRead?: never;
  corsOrigins: CorsOrigins;
};

export function createOriginService(deps: OriginDeps, config: OriginConfig): Service {
  const { objects, events, queue, accessKeys, clock, log } = deps;
  const signingKeys = createSigningKeys();
  const health = createHealthPoll(objects, clock);

  async function answer(request: S3Request): Promise<Response> {
    if (request.method === 'OPTIONS') return answerPreflight(request.headers, config.corsOrigins);
    const caller = await authenticate(request, { accessKeys, signingKeys }, clock.now());
    const operation = findOperation(request);
    const target: Target = { ...request, bucket: request.bucket ?? '', key: request.key ?? '' };
    for (const need of operation.needs(target)) {
      if (!allows(caller.scope, need)) throw new S3Error('AccessDenied');
    }
    requireOrdinary(target, operation);
    return runOperation(operation, target, caller);
  }

  async function runOperation(operation: Operation, target: Target, caller: Caller): Promise<Response> {
    let opened: Payload | undefined;
    const payload = () => {
      opened ??= openPayload(target, caller);
      return opened;
    };
    const may = (need: AccessNeed) => allows(caller.scope, need);
    try {
      return await operation.run({ target, objects, payload, region: config.region, log, may });
    } catch (error) {
      throw opened?.failure() ?? error;
    }
  }

  async function handle(request: Request, context: RequestContext): Promise<Response> {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    let response: Response;
    try {
      response = await answer(readS3Request(request, context));
    } catch (error) {
      response = refuse(error, request.method, context.rawTarget, requestId);
    }
    response.headers.set('x-amz-request-id', requestId);
    allowOrigin(response.headers, request.headers, config.corsOrigins);
    return response;
  }

  function refuse(error: unknown, method: string, rawTarget: string, requestId: string): Response {
    const refusal = toS3Error(error);
    if (refusal.status >= 500 && refusal.code !== 'NotImplemented') {
      log.error('a request of the S3 door failed', { requestId, code: refusal.code, error });
    }
    // A presigned URL carries its signature in the query, so the path is all that is repeated.
    const resource = rawTarget.split('?')[0] ?? '/';
    const body = method === 'HEAD' ? null : errorXml(refusal, resource, requestId);
    return new Response(body, { status: refusal.status, headers: { 'content-type': 'application/xml' } });
  }

  if (!events || !queue) return { name: 'origin', handle, health };
  const relay = { events, queue, eventQueue: config.eventQueue, clock, log };
  return { name: 'origin', handle, run: (signal) => relayEvents(relay, signal), health };
}

/** What is said of every operation: whose bucket it is, a name that can be one, and the only version there is. */
function requireOrdinary(target: Target, operation: Operation): void {
  const owner = target.headers.get('x-amz-expected-bucket-owner') ?? OWNER.id;
  if (owner !== OWNER.id) throw new S3Error('AccessDenied', 'The bucket has another owner.');
  if (operation.name !== 'CreateBucket' && target.bucket !== '' && !isBucketName(target.bucket)) {
    throw new S3Error('NoSuchBucket');
  }
  if ((target.query.get('versionId') ?? 'null') !== 'null') throw new S3Error('NoSuchVersion');
}
