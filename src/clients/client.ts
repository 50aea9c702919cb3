/**
 * How one service calls another: functions made from endpoint rows, over a transport that is given. The caller
 * cannot tell whether the other service runs in this process or on another machine.
 */
import { callEndpoint, type Transport } from '../contracts/call.ts';
import type { Endpoint, EndpointCall, EndpointReply } from '../contracts/endpoint.ts';
import { MatineeError, systemCode } from '../platform/errors.ts';
import type { Service } from '../platform/service.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows of any type; each function is typed by its own row.
type Rows = Record<string, Endpoint<any, any, any, any>>;

export type Client<R extends Rows> = {
  [Name in keyof R]: (call: EndpointCall<R[Name]>, signal?: AbortSignal) => Promise<EndpointReply<R[Name]>>;
};

export function createClient<R extends Rows>(rows: R, transport: Transport): Client<R> {
  const entries = Object.entries(rows).map(([name, row]) => [
    name,
    (call: never, signal?: AbortSignal) => callEndpoint(transport, row, call, signal),
  ]);
  return Object.fromEntries(entries) as Client<R>;
}

/** Calls a service in this process. The service is looked up at each call, so that two may refer to each other. */
export function inProcessTransport(service: () => Service): Transport {
  return (path, init) =>
    service().handle(new Request(`http://in-process${path}`, init), {
      rawTarget: path,
      remoteAddress: 'in-process',
      trusted: true,
    });
}

/** Calls a service over HTTP with the service secret; one call takes at most `timeoutMs`. */
export function httpTransport(baseUrl: string, secret: string, timeoutMs = 40_000): Transport {
  return async (path, init) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${secret}`);
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
    try {
      return await fetch(new URL(path, baseUrl), { ...init, headers, signal, redirect: 'error' });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      const why = systemCode((cause as Error).cause) ?? (cause as Error).name;
      throw new MatineeError('unavailable', `no answer from ${baseUrl}: ${why}`, { cause });
    }
  };
}
