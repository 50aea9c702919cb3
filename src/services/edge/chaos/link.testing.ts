/** The link between the edge and its origin: a TCP proxy that can be cut, stalled, slowed down, or made to lie. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz.testing.ts';

/**
 * `truncating` ends connections after some bytes, `garbling` spoils the first line of replies. A spoiled body is
 * not among them: over plain HTTP nobody could tell, and over TLS the connection would break.
 */
export type LinkMode = 'open' | 'cut' | 'stalled' | 'slow' | 'truncating' | 'garbling';

export type Link = AsyncDisposable & {
  readonly port: number;
  /** Pieces that were slowed down or cut short since the mode was set. */
  readonly spoiled: number;
  set(mode: LinkMode): void;
};

const SLOW_PIECE_BYTES = 32 * 1024;
const SLOW_PIECE_MS = 15;
const TRUNCATED_BYTES_MAX = 250_000;
const STATUS_LINE_START = Buffer.from('HTTP/1.1 ', 'latin1');

export async function openLink(upstreamPort: number, random: Random): Promise<Link> {
  const sockets = new Set<Socket>();
  let mode: LinkMode = 'open';
  let spoiled = 0;
  let moved = Promise.withResolvers<void>();
  const unstalled = async () => {
    while (mode === 'stalled') await moved.promise;
  };

  async function* upstream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      await unstalled();
      yield chunk;
    }
  }

  async function* downstream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = random(TRUNCATED_BYTES_MAX);
    for await (const chunk of source) {
      await unstalled();
      if (mode === 'slow') {
        spoiled++;
        yield* slowly(chunk);
      } else if (mode === 'garbling') yield garbled(chunk);
      else if (mode === 'truncating') {
        yield chunk.subarray(0, left);
        left -= chunk.length;
        if (left > 0) continue;
        spoiled++;
        return;
      } else yield chunk;
    }
  }

  const server = createServer((near) => {
    const far = connect(upstreamPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    const end = () => {
      near.destroy();
      far.destroy();
    };
    if (mode === 'cut') return end();
    // When one direction ends, so does the other, as if the wire had been pulled.
    pipeline(near, upstream, far).then(end, end);
    pipeline(far, downstream, near).then(end, end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get spoiled() {
      return spoiled;
    },
    set: (wanted) => {
      mode = wanted;
      if (mode !== 'open') spoiled = 0;
      if (mode === 'cut') cut();
      moved.resolve();
      moved = Promise.withResolvers<void>();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

async function* slowly(chunk: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < chunk.length; at += SLOW_PIECE_BYTES) {
    await sleep(SLOW_PIECE_MS);
    yield chunk.subarray(at, at + SLOW_PIECE_BYTES);
  }
}

function garbled(chunk: Buffer): Buffer {
  if (!chunk.subarray(0, STATUS_LINE_START.length).equals(STATUS_LINE_START)) return chunk;
  const copy = Buffer.from(chunk);
  for (let i = 0; i < STATUS_LINE_START.length; i++) copy[i] = (copy[i] as number) ^ 0x55;
  return copy;
}
