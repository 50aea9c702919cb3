/**
 * Calls an endpoint through a transport: `fetch` in a browser, HTTP with the service secret between processes,
 * or a service's own `handle` in one process. The reply is validated here, once.
 */
import { ERRORS, type ErrorCode, MatineeError } from '../platform/errors.ts';
import {
  type Endpoint,
  type EndpointCall,
  type EndpointReply,
  endpointPath,
  errorReply,
} from './endpoint.ts';

/** Takes a path with query and the usual fetch options. */
export type Transport = (path: string, init: RequestInit) => Promise<Response>;

// biome-ignore lint/suspicious/noExplicitAny: any endpoint will do; the call is typed by the row itself.
export async function callEndpoint<E extends Endpoint<any, any, any, any>>(
  transport: Transport,
  row: E,
  call: EndpointCall<E>,
  signal?: AbortSignal,
): Promise<EndpointReply<E>> {
  const { params, query, body } = call as { params?: object; query?: object; body?: unknown };
  const response = await transport(endpointPath(row, { ...params }, { ...query }), {
    method: row.method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw await failure(response);
  if (response.status === 204) return row.reply.parse({}) as EndpointReply<E>;
  return row.reply.parse(await response.json()) as EndpointReply<E>;
}

async function failure(response: Response): Promise<MatineeError> {
  const text = await response.text();
  let parsed: ReturnType<typeof errorReply.safeParse> | undefined;
  try {
    parsed = errorReply.safeParse(JSON.parse(text));
  } catch {
    parsed = undefined;
  }
  if (!parsed?.success) {
    const code = response.status === 503 ? 'unavailable' : 'internal';
    return new MatineeError(code, `unexpected reply with status ${response.status}`);
  }
  const { code, message } = parsed.data.error;
  return new MatineeError(code in ERRORS ? (code as ErrorCode) : 'internal', message);
}
