/**
 * Turns endpoint rows and handlers into one `handle(Request)`: routing, body limits, validation of what comes
 * in, and errors rendered from their rows. The counterpart of `call.ts`.
 */
import { Hono } from 'hono';
import type { z } from 'zod';
import { isMatineeError, MatineeError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { RequestContext } from '../platform/service.ts';
import type { Endpoint, EndpointInput, EndpointReply } from './endpoint.ts';

const BODY_BYTES_MAX_DEFAULT = 64 * 1024;

export type HandlerContext = RequestContext & { request: Request };

export type Route = {
  readonly row: Endpoint;
  readonly handler: (input: never, context: HandlerContext) => Promise<unknown>;
};

/** Binds a handler to an endpoint. A handler may return a `Response` itself, for bytes. */
// biome-ignore lint/suspicious/noExplicitAny: any endpoint will do; the handler is typed by the row itself.
export function route<E extends Endpoint<any, any, any, any>>(
  row: E,
  handler: (input: EndpointInput<E>, context: HandlerContext) => Promise<EndpointReply<E> | Response>,
): Route {
  return { row: row as unknown as Endpoint, handler: handler as unknown as Route['handler'] };
}

export type EndpointServer = (request: Request, context: RequestContext) => Promise<Response>;

export function createEndpointServer(routes: readonly Route[], log: Log): EndpointServer {
  const app = new Hono<{ Bindings: RequestContext }>();
  for (const { row, handler } of routes) {
    app.on(row.method, row.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const context = { ...c.env, request: c.req.raw };
      if (row.internal && !context.trusted) {
        throw new MatineeError('unauthenticated', 'this endpoint is for the other services');
      }
      const input = {
        params: check(row.params, c.req.param(), 'path'),
        query: check(row.query, c.req.query(), 'query'),
        body: row.body ? check(row.body, await readJson(c.req.raw, row), 'body') : undefined,
      };
      const reply = await handler(input as never, context);
      if (reply instanceof Response) return reply;
      if (row.status === 204) return new Response(null, { status: 204 });
      return Response.json(row.reply.parse(reply), {
        status: row.status ?? 200,
        headers: { 'cache-control': 'no-store' },
      });
    });
  }
  app.notFound((c) =>
    errorResponse(new MatineeError('not_found', `nothing at ${c.req.method} ${c.req.path}`)),
  );
  app.onError((error, c) => {
    if (isMatineeError(error) && error.row.status < 500) return errorResponse(error);
    log.error('request failed', { method: c.req.method, path: c.req.path, error });
    if (isMatineeError(error)) return errorResponse(error);
    return errorResponse(new MatineeError('internal', 'the request failed; the log says why'));
  });
  return async (request, context) => app.fetch(request, context);
}

/** An error as its reply: status from the row, code and message in the body. */
export function errorResponse(error: MatineeError): Response {
  return Response.json(
    { error: { code: error.code, message: error.message } },
    { status: error.row.status, headers: { 'cache-control': 'no-store' } },
  );
}

function check(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || where}: ${issue.message}`);
  throw new MatineeError('invalid_request', `${where}: ${faults.join('; ')}`);
}

/** Reads a JSON body, never more bytes than the endpoint allows. */
async function readJson(request: Request, row: Endpoint): Promise<unknown> {
  const bytesMax = row.bodyBytesMax ?? BODY_BYTES_MAX_DEFAULT;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > bytesMax) throw new MatineeError('too_large', `the body is over ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new MatineeError('invalid_request', 'the body is not JSON', { cause });
  }
}
