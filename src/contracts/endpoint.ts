/**
 * An endpoint is one row: method, path, schemas, meaning. The server validates with it, the client is typed by
 * it, and the OpenAPI document is printed from it, so the three cannot differ. No I/O here.
 */
import { z } from 'zod';
import type { ErrorCode } from '../platform/errors.ts';

type Shape = z.ZodType | undefined;

export type Endpoint<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends Shape = Shape,
  Reply extends z.ZodType = z.ZodType,
> = {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for each parameter, as OpenAPI writes it. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Largest body read, in bytes. Default 64 KiB. */
  readonly bodyBytesMax?: number;
  readonly reply: Reply;
  readonly status?: 200 | 201 | 202 | 204;
  readonly errors?: readonly ErrorCode[];
  /** Internal endpoints ask for the service secret and stay out of the public document. */
  readonly internal?: boolean;
};

export function endpoint<
  Reply extends z.ZodType,
  Params extends Shape = undefined,
  Query extends Shape = undefined,
  Body extends Shape = undefined,
>(row: Endpoint<Params, Query, Body, Reply>): Endpoint<Params, Query, Body, Reply> {
  return row;
}

type In<S> = S extends z.ZodType ? z.input<S> : undefined;
type Out<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler gets: validated values. */
export type EndpointInput<E> =
  E extends Endpoint<infer P, infer Q, infer B, infer _R>
    ? { params: Out<P>; query: Out<Q>; body: Out<B> }
    : never;

/** What a caller passes: only the parts that the endpoint has. */
export type EndpointCall<E> =
  E extends Endpoint<infer P, infer Q, infer B, infer _R>
    ? (P extends z.ZodType ? { params: In<P> } : { params?: undefined }) &
        (Q extends z.ZodType ? { query?: In<Q> } : { query?: undefined }) &
        (B extends z.ZodType ? { body: In<B> } : { body?: undefined })
    : never;

export type EndpointReply<E> =
  E extends Endpoint<infer _P, infer _Q, infer _B, infer R> ? z.output<R> : never;

/** The reply of an endpoint that answers with nothing but its status. */
export const emptyReply = z.object({}).meta({ description: 'Nothing to say.' });

/** Every failure has this body; `code` is of the closed set. */
export const errorReply = z.object({
  error: z.object({ code: z.string(), message: z.string() }),
});

/** Fills `{name}` in a path and adds the query. */
export function endpointPath(
  row: Pick<Endpoint, 'path'>,
  params: Record<string, unknown> = {},
  query: Record<string, unknown> = {},
): string {
  const path = row.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
