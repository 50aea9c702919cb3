/** A scripted origin and an edge in front of it, for tests of sites. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { behavior, site } from '../../../contracts/sites.ts';
import { openTestEdge, type TestEdge, type TestEdgeOptions } from '../edge.testing.ts';

export type Act = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export type SiteUnderTest = AsyncDisposable & {
  edge: TestEdge;
  /** What the origin was asked, in order. */
  asked: IncomingMessage[];
  act: Act;
  origin: Server;
  originUrl: string;
  ask(path: string, init?: RequestInit): Promise<Response>;
};

export const HOST = 'site.test';

/** `ask` reaches the edge under the site's host name, which `fetch` cannot set by itself. */
export async function openTestSite(
  act: Act,
  options: TestEdgeOptions & {
    behavior?: Record<string, unknown>;
    site?: Record<string, unknown>;
    extraLinks?: string[];
  } = {},
): Promise<SiteUnderTest> {
  const asked: IncomingMessage[] = [];
  const origin = createServer((request, response) => {
    asked.push(request);
    under.act(request, response, asked.length);
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const { behavior: given, site: more, extraLinks, ...rest } = options;
  const edge = await openTestEdge({
    ...rest,
    sites: [
      site.parse({
        name: 'test',
        hosts: [HOST, '127.0.0.1'],
        origins: [{ name: 'main', links: [...(extraLinks ?? []), originUrl], timeoutMs: 1000 }],
        behaviors: [behavior.parse({ origins: ['main'], ...given })],
        ...more,
      }),
    ],
  });
  const under: SiteUnderTest = {
    ...{ edge, asked, act, origin, originUrl },
    ask: (path, init) => fetch(`http://127.0.0.1:${edge.port}${path}`, init),
    [Symbol.asyncDispose]: async () => {
      origin.closeAllConnections();
      await new Promise((resolve) => origin.close(resolve));
      await edge[Symbol.asyncDispose]();
    },
  };
  return under;
}

/** Reads what one raw request is answered, to the end of the connection. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let all = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      all += chunk;
    });
    socket.on('end', () => resolve(all));
    socket.on('error', reject);
  });
}
