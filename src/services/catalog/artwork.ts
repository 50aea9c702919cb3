/** Posters, from the media bucket, for the pages: one file of the title's newest publication and nothing else. */
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { posterFile } from './tables.ts';
import type { Titles } from './titles.ts';

/** Posters are some hundred kilobytes; they are read whole. */
const BYTES_MAX = 16 * 1024 * 1024;

export type ArtworkDeps = { titles: Titles; objects: ObjectStore; mediaBucket: string };

export async function artwork(
  deps: ArtworkDeps,
  title: string,
  file: string,
  request: Request,
): Promise<Response> {
  const { publication } = await deps.titles.find(title);
  if (!publication?.poster || file !== posterFile(publication.poster)) throw missing();
  try {
    const image = await deps.objects.get(deps.mediaBucket, publication.poster, { signal: request.signal });
    const headers = { etag: image.etag, 'cache-control': 'public, max-age=31536000, immutable' };
    if (isKnown(request.headers.get('if-none-match'), image.etag)) {
      image.stream.destroy?.();
      return new Response(null, { status: 304, headers });
    }
    if (image.size > BYTES_MAX) {
      image.stream.destroy?.();
      throw missing();
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of image.stream) chunks.push(chunk);
    return new Response(new Uint8Array(Buffer.concat(chunks)), {
      headers: { ...headers, 'content-type': 'image/jpeg', 'content-length': String(image.size) },
    });
  } catch (error) {
    if (isMatineeError(error, 'not_found')) throw missing();
    throw error;
  }
}

/** `If-None-Match` compares weakly and may name several: RFC 9110, section 13.1.2. */
function isKnown(condition: string | null, etag: string): boolean {
  const named = (condition ?? '').split(',').map((entry) => entry.trim().replace(/^W\//, ''));
  return named.includes(etag) || named.includes('*');
}

function missing(): MatineeError {
  return new MatineeError('not_found', 'there is no such image');
}
