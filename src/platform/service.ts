/**
 * What a service is: web-standard requests in, responses out, so that the same service answers in process,
 * over HTTP or in a function. It also may have work of its own (`run`) and always tells its health.
 */
export type RequestContext = {
  /** The request target exactly as it came on the wire, before any URL parser touched it. */
  rawTarget: string;
  /** Address of the peer, or 'in-process'. */
  remoteAddress: string;
  /** True when the request came over the internal path and its service secret was checked. */
  trusted: boolean;
};

export type Health = { ready: true } | { ready: false; reasons: readonly string[] };

export type Service = {
  readonly name: string;
  handle(request: Request, context: RequestContext): Promise<Response>;
  /** Work that goes on until the signal aborts. Rejects only on a fault that must restart the role. */
  run?(signal: AbortSignal): Promise<void>;
  health(): Health;
};

/** Health of a whole from the health of its parts. */
export function combineHealth(parts: ReadonlyArray<{ name: string; health: Health }>): Health {
  const reasons = parts.flatMap(({ name, health }) =>
    health.ready ? [] : health.reasons.map((reason) => `${name}: ${reason}`),
  );
  return reasons.length === 0 ? { ready: true } : { ready: false, reasons };
}
