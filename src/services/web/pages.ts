/**
 * The built pages, held in memory with their compressed forms: a few files of some hundred kilobytes, made by
 * the build and never changed while the program runs.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { MatineeError } from '../../platform/errors.ts';

export type Pages = { answer(request: Request, pathname: string): Response };

const BYTES_MAX = 32 * 1024 * 1024;
const COMPRESSED_FROM_BYTES = 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Media and uploads go to edges and to the door, which are other origins; scripts come from here alone. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    'connect-src http: https:',
    'img-src http: https: data: blob:',
    "media-src 'self' http: https: blob:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** The routes of the page's own router (src/web/viewer/shell/app.tsx). */
const ROUTES = /^\/((title|watch|jobs)\/[^/]+\/?|jobs\/?)?$/;

type Page = { type: string; etag: string; plain: Buffer; br?: Buffer; gzip?: Buffer; immutable: boolean };

/** Reads every file of the build. Throws missing_program when the pages have not been built. */
export async function openPages(folder: string): Promise<Pages> {
  const pages = await readPages(folder);
  const index = pages.get('/index.html');
  if (!index)
    throw new MatineeError('missing_program', `the pages are not built: no index.html in ${folder}`);
  return {
    answer: (request, pathname) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
      }
      const page = pages.get(pathname);
      if (page) return render(page, request);
      if (ROUTES.test(pathname)) return render(index, request);
      // A person gets the page that says so and leads back; a program that misses a file gets a plain answer.
      const isFile = pathname.startsWith('/assets/') || extname(pathname) !== '';
      return isFile ? missingFile() : render(index, request, 404);
    },
  };
}

function missingFile(): Response {
  return new Response('not found', {
    status: 404,
    headers: { ...PAGE_HEADERS, 'cache-control': 'no-store' },
  });
}

function render(page: Page, request: Request, status = 200): Response {
  const headers = new Headers({
    ...PAGE_HEADERS,
    'content-type': page.type,
    etag: page.etag,
    vary: 'accept-encoding',
    'cache-control': page.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (status === 200 && isKnown(request.headers.get('if-none-match'), page.etag)) {
    return new Response(null, { status: 304, headers });
  }
  const accepted = request.headers.get('accept-encoding') ?? '';
  const encoding =
    page.br && /\bbr\b/.test(accepted) ? 'br' : page.gzip && /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
  const body = encoding === 'br' ? page.br : encoding === 'gzip' ? page.gzip : page.plain;
  if (encoding) headers.set('content-encoding', encoding);
  headers.set('content-length', String(body?.byteLength ?? 0));
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(body ?? []), { status, headers });
}

/** Whether one of the tags that a browser or a cache on the way sent is this one. */
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  return (ifNoneMatch ?? '').split(',').some((tag) => tag.trim() === etag);
}

async function readPages(folder: string): Promise<Map<string, Page>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const pages = new Map<string, Page>();
  let total = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const plain = await readFile(path);
    total += plain.byteLength;
    if (total > BYTES_MAX) throw new MatineeError('too_large', `the built pages are over ${BYTES_MAX} bytes`);
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    pages.set(name, await makePage(name, plain));
  }
  return pages;
}

async function makePage(name: string, plain: Buffer): Promise<Page> {
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  // Weak, since the compressed forms have the same tag and other bytes.
  const etag = `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  const immutable = /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(name);
  const page: Page = { type, etag, plain, immutable };
  if (
    plain.byteLength < COMPRESSED_FROM_BYTES ||
    !/^(text|application\/(json|manifest)|image\/svg)/.test(type)
  )
    return page;
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    promisify(gzip)(plain),
  ]);
  return { ...page, br, gzip: zipped };
}
