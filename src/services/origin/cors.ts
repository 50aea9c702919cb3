/** Lets pages of the configured origins call the door: answers preflights and marks replies. */
import { S3Error } from './s3-error.ts';

export type CorsOrigins = 'any' | readonly string[];

const METHODS = 'GET, HEAD, PUT, POST, DELETE';
const EXPOSED = [
  'ETag',
  'Content-Length',
  'Content-Range',
  'Accept-Ranges',
  'Last-Modified',
  'x-amz-request-id',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
].join(', ');
const PREFLIGHT_MAX_AGE_S = 3600;

/** A preflight comes without a signature. Throws S3Error AccessForbidden for an origin that is not configured. */
export function answerPreflight(headers: Headers, origins: CorsOrigins): Response {
  const allowed = allowedOrigin(headers, origins);
  const method = headers.get('access-control-request-method');
  if (allowed === undefined || method === null) throw new S3Error('AccessForbidden');
  if (!METHODS.split(', ').includes(method)) throw new S3Error('AccessForbidden');
  const asked = headers.get('access-control-request-headers');
  const reply = new Headers({
    'access-control-allow-methods': METHODS,
    'access-control-max-age': String(PREFLIGHT_MAX_AGE_S),
  });
  if (asked !== null) reply.set('access-control-allow-headers', asked);
  const response = new Response(null, { status: 200, headers: reply });
  allowOrigin(response.headers, headers, origins);
  return response;
}

/** Adds to a reply what lets a page of an allowed origin read it. */
export function allowOrigin(reply: Headers, request: Headers, origins: CorsOrigins): void {
  if (!request.has('origin')) return;
  reply.append('vary', 'Origin');
  const allowed = allowedOrigin(request, origins);
  if (allowed === undefined) return;
  reply.set('access-control-allow-origin', allowed);
  reply.set('access-control-expose-headers', EXPOSED);
}

function allowedOrigin(request: Headers, origins: CorsOrigins): string | undefined {
  const origin = request.get('origin');
  if (origin === null) return undefined;
  if (origins === 'any') return '*';
  return origins.includes(origin) ? origin : undefined;
}
