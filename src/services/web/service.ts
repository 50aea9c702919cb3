/**
 * The front door: the viewer's pages, the API document, and `/api` handed on to the service that owns each
 * path. It knows no titles and keeps no state but the built pages.
 */
import { type About, getAbout } from '../../contracts/about.ts';
import type { Transport } from '../../contracts/call.ts';
import { errorResponse } from '../../contracts/serve.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { RequestContext, Service } from '../../platform/service.ts';
import { refuseForeignWrite } from './foreign-writes.ts';
import { type ApiService, ownerOf } from './owners.ts';
import type { Pages } from './pages.ts';

export type WebDeps = {
  pages: Pages;
  /** Hands a request to a service by name, with the viewer's address. */
  forward(service: ApiService, request: Request, context: RequestContext): Promise<Response>;
  openApi: unknown;
  about: About;
  log: Log;
};

const NOT_STORED = { headers: { 'cache-control': 'no-store' } };

export function createWebService(deps: WebDeps): Service {
  const answer = (request: Request, context: RequestContext): Response | Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (!/^\/api(\/|$)/.test(pathname)) return deps.pages.answer(request, pathname);
    refuseForeignWrite(request);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && pathname === '/api/openapi.json') return Response.json(deps.openApi, NOT_STORED);
    if (isRead && pathname === getAbout.path) return Response.json(deps.about, NOT_STORED);
    const owner = ownerOf(pathname);
    if (!owner) throw new MatineeError('not_found', `nothing at ${request.method} ${pathname}`);
    return deps.forward(owner, request, { ...context, trusted: false });
  };
  const handle = async (request: Request, context: RequestContext): Promise<Response> => {
    try {
      return await answer(request, context);
    } catch (error) {
      if (isMatineeError(error)) return errorResponse(error);
      throw error;
    }
  };
  return { name: 'web', handle, health: () => ({ ready: true }) };
}

/** Hands requests to a service in another process, body and all. */
export async function forwardOver(
  transport: Transport,
  request: Request,
  context: RequestContext,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of [
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'expect',
    'authorization',
  ]) {
    headers.delete(name);
  }
  headers.set('x-forwarded-for', context.remoteAddress);
  headers.set('x-forwarded-host', request.headers.get('host') ?? '');
  const init: RequestInit & { duplex?: 'half' } = { method: request.method, headers, signal: request.signal };
  if (request.body) {
    init.body = request.body;
    init.duplex = 'half';
  }
  const response = await transport(`${pathname}${search}`, init);
  const kept = new Headers(response.headers);
  for (const name of ['content-encoding', 'content-length', 'connection', 'transfer-encoding'])
    kept.delete(name);
  return new Response(response.body, { status: response.status, headers: kept });
}
