/** For tests only: serves some folders over loopback HTTP, ranges too, and remembers what was asked for. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  ...{ '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.vtt': 'text/vtt' },
  ...{ '.m3u8': 'application/vnd.apple.mpegurl', '.mpd': 'application/dash+xml', '.jpg': 'image/jpeg' },
  ...{ '.mp4': 'video/mp4', '.m4s': 'video/iso.segment' },
};

export type FolderServer = AsyncDisposable & { url: string; requested: string[] };

/** `/<name>/…` is served from the folder of that name. */
export async function openFolderServer(folders: Readonly<Record<string, string>>): Promise<FolderServer> {
  const requested: string[] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    requested.push(path);
    const [, name = '', ...rest] = normalize(path).split('/');
    const body = await readFile(join(folders[name] ?? '/nowhere', ...rest)).catch(() => undefined);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const part = body?.subarray(from, range?.[2] ? Number(range[2]) + 1 : body.length);
    response.writeHead(part ? (range ? 206 : 200) : 404, {
      ...{ 'content-type': type, 'content-length': part?.length ?? 0 },
      ...(part && range
        ? { 'content-range': `bytes ${from}-${from + part.length - 1}/${body?.length}` }
        : {}),
    });
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requested,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
