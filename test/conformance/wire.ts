/**
 * Just enough of HTTP/1.1 to read requests from a socket that the origin of the suite owns. It keeps lines as they
 * came, and it trusts its peer: whether a cache writes valid requests is not what the suite is about.
 */
import type { Socket } from 'node:net';

export type WireRequest = {
  method: string;
  target: string;
  /** Lower-case names; lines of the same name are joined by a comma, as RFC 9110, section 5.3 allows. */
  headers: ReadonlyMap<string, string>;
};

/** A cache that sends more than this in one head or body is broken, and reading on would help nobody. */
const REQUEST_BYTES_MAX = 1 << 20;

/** The requests of one connection, one after the other. Ends when the peer has ended or broken it. */
export async function* readRequests(socket: Socket): AsyncGenerator<WireRequest> {
  let pending = '';
  const chunks = socket.setEncoding('latin1')[Symbol.asyncIterator]();
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (!done) pending += value;
    return done !== true && pending.length <= REQUEST_BYTES_MAX;
  };
  while (true) {
    let end = pending.indexOf('\r\n\r\n');
    while (end < 0) {
      if (!(await more())) return;
      end = pending.indexOf('\r\n\r\n');
    }
    const request = parseHead(pending.slice(0, end));
    pending = pending.slice(end + 4);
    let bodyEnd = endOfBody(request, pending);
    while (bodyEnd < 0) {
      if (!(await more())) return;
      bodyEnd = endOfBody(request, pending);
    }
    pending = pending.slice(bodyEnd);
    yield request;
  }
}

function parseHead(head: string): WireRequest {
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { method, target, headers };
}

/** Where the body at the start of a text ends, or -1 while it is not all there. */
function endOfBody({ headers }: WireRequest, text: string): number {
  if (headers.get('transfer-encoding')?.toLowerCase().includes('chunked')) return endOfChunks(text);
  const length = Number(headers.get('content-length') ?? 0);
  return text.length >= length ? length : -1;
}

function endOfChunks(text: string): number {
  let at = 0;
  while (true) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return -1;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || text.length < next) return -1;
    if (size === 0) return next;
    at = next;
  }
}
