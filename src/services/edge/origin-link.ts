/**
 * Fetches objects from the S3 door, or from a shield: GET requests over kept connections, with a limit on each wait.
 * It tells what came and does not judge it.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { systemCode } from '../../platform/errors.ts';
import { EMPTY_PAYLOAD_HASH, signRequest, uriEncode } from '../../platform/sigv4.ts';
import type { OriginTls } from './certificate.ts';
import type { EdgeOrigin } from './config.ts';
import { EdgeFailure } from './failure.ts';
import type { NamedLink } from './link-chain.ts';
import type { ByteSpan } from './ranges.ts';
import { SHIELD_FIELD, SHIELD_PREFIX, shieldMark } from './shield.ts';

export type OriginGet = {
  key: string;
  span?: ByteSpan;
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
};

export type OriginLink = {
  /** Resolves with the reply's head. Rejects with EdgeFailure `unreachable` or `late`. */
  get(what: OriginGet): Promise<IncomingMessage>;
  close(): void;
};

export type OriginLinkLimits = {
  connectMs: number;
  firstByteMs: number;
  connectionsMax: number;
  /** For HTTPS. */
  tls: OriginTls;
};

/** Signed requests to the S3 door. */
export function createOriginLink(clock: Clock, origin: EdgeOrigin, limits: OriginLinkLimits): NamedLink {
  const baseUrl = origin.baseUrl.replace(/\/+$/, '');
  return createLink(baseUrl, limits, (what) => {
    const url = `${baseUrl}/${uriEncode(origin.bucket)}/${uriEncode(what.key, true)}`;
    const headers = signRequest({
      method: 'GET',
      url,
      headers: requestHeaders(what),
      payloadHash: EMPTY_PAYLOAD_HASH,
      credentials: origin.credentials,
      region: origin.region,
      service: 's3',
      date: new Date(clock.now()),
    });
    return { url, headers };
  });
}

/** Requests to another edge, which answers them as a viewer's and asks the origin once for all. */
export function createShieldLink(
  clock: Clock,
  { baseUrl: given, secret, socketPath }: ShieldPeer,
  limits: OriginLinkLimits,
  fields: () => Record<string, string> = () => ({}),
): NamedLink {
  const baseUrl = given.replace(/\/+$/, '');
  const prepare = (what: OriginGet) => ({
    url: `${baseUrl}${SHIELD_PREFIX}${uriEncode(what.key, true)}`,
    headers: {
      ...requestHeaders(what),
      ...fields(),
      [SHIELD_FIELD]: shieldMark(secret, what.key, clock.now()),
    },
  });
  return createLink(baseUrl, limits, prepare, socketPath);
}

export type ShieldPeer = {
  readonly baseUrl: string;
  readonly secret: string;
  /** A Unix socket to reach it by, whatever its address says. */
  readonly socketPath?: string;
};

/** Connections that are kept, below the door's own 15 s, so that a request does not meet one that is just being closed. */
export function shieldAgent({ connectionsMax }: Pick<OriginLinkLimits, 'connectionsMax'>): Agent {
  return new Agent(agentOptions(connectionsMax));
}

function agentOptions(connectionsMax: number) {
  return { keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: connectionsMax, timeout: 10_000 };
}

function createLink(
  baseUrl: string,
  limits: OriginLinkLimits,
  prepare: (what: OriginGet) => { url: string; headers: Record<string, string> },
  socketPath?: string,
): NamedLink {
  const tls = baseUrl.startsWith('https:');
  const AgentKind = tls ? TlsAgent : Agent;
  const agent = new AgentKind({ ...agentOptions(limits.connectionsMax), ...limits.tls });
  const how = { agent, ...(socketPath === undefined ? {} : { socketPath }) };
  const send = tls ? tlsRequest : httpRequest;
  const get = (what: OriginGet) => {
    const { url, headers } = prepare(what);
    return firstByte(send(url, { ...how, headers }), limits);
  };
  const check = async () => {
    try {
      (await firstByte(send(`${baseUrl}/`, { ...how, method: 'HEAD' }), limits)).resume();
      return true;
    } catch {
      // Still away.
      return false;
    }
  };
  return { name: new URL(baseUrl).host, link: { get, close: () => agent.destroy() }, check };
}

function requestHeaders({ span, ifMatch, ifNoneMatch }: OriginGet): Record<string, string> {
  return {
    // The bytes are kept and cut into ranges, so they must be the object's own.
    'accept-encoding': 'identity',
    ...(span ? { range: `bytes=${span.start}-${span.end}` } : {}),
    ...(ifMatch ? { 'if-match': ifMatch } : {}),
    ...(ifNoneMatch ? { 'if-none-match': ifNoneMatch } : {}),
  };
}

function firstByte(request: ClientRequest, limits: OriginLinkLimits): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let connecting: NodeJS.Timeout | undefined;
    const answering = setTimeout(
      () => request.destroy(new EdgeFailure('late', 'the origin does not answer')),
      limits.firstByteMs,
    );
    const settle = () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    };
    request.once('socket', (socket: Socket) => {
      if (!socket.connecting) return;
      connecting = setTimeout(
        () => request.destroy(new EdgeFailure('unreachable', 'no connection to the origin')),
        limits.connectMs,
      );
      socket.once('connect', () => clearTimeout(connecting));
    });
    request.once('response', (reply) => {
      settle();
      resolve(reply);
    });
    // Kept for the whole life of the request: a late error must find a listener.
    request.on('error', (error) => {
      settle();
      reject(
        error instanceof EdgeFailure
          ? error
          : new EdgeFailure(
              'unreachable',
              `the origin is away: ${systemCode(error) ?? 'no connection'}`,
              error,
            ),
      );
    });
    request.end();
  });
}
