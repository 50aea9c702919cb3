/**
 * Sends one request to the cache under test and gives back everything that came, interim responses included. Each
 * goes over a connection of its own: some caches turn a connection into a tunnel after a method that they do not
 * know, and what followed on it would prove nothing.
 */
import { type IncomingMessage, request as send } from 'node:http';
import type { CaseRequest } from './case.ts';

export type ClientReply = {
  status: number;
  /** Lower-case names; lines of the same name joined by a comma. */
  headers: ReadonlyMap<string, string>;
  body: string;
  interim: ReadonlyArray<{ status: number; headers: ReadonlyMap<string, string> }>;
};

export type ClientOptions = { cacheUrl: string; timeoutMs: number };

/** Rejects when no whole reply came in time. */
export function ask(
  path: string,
  { method = 'GET', body }: CaseRequest,
  headers: ReadonlyArray<readonly [string, string]>,
  { cacheUrl, timeoutMs }: ClientOptions,
): Promise<ClientReply> {
  const url = new URL(cacheUrl);
  const lines = [['Host', url.host], ...headers];
  if (body !== undefined) lines.push(['Content-Length', String(body.length)]);
  return new Promise((resolve, reject) => {
    const interim: Array<ClientReply['interim'][number]> = [];
    const outgoing = send({
      agent: false,
      host: url.hostname,
      port: url.port,
      path: url.pathname.replace(/\/$/, '') + path,
      method,
      headers: lines.flat(),
      signal: AbortSignal.timeout(timeoutMs),
    });
    outgoing.on('information', ({ statusCode, rawHeaders }) =>
      interim.push({ status: statusCode, headers: joined(rawHeaders) }),
    );
    outgoing.on('error', reject);
    outgoing.on('response', (message) => {
      read(message).then(
        (text) =>
          resolve({
            status: message.statusCode ?? 0,
            headers: joined(message.rawHeaders),
            body: text,
            interim,
          }),
        reject,
      );
    });
    outgoing.end(body, 'latin1');
  });
}

async function read(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

function joined(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const value = rawHeaders[at + 1] as string;
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
