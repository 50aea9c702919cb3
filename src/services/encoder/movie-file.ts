/** Reads the movie header of an MP4 file on disk without reading its media. */
import { open } from 'node:fs/promises';
import { type Movie, readMovie } from './mp4-boxes.ts';

const HEADER_BYTES_MAX = 64 * 1024 * 1024;

/** Walks the top-level boxes to `moov`. Throws when there is none or it is larger than 64 MiB. */
export async function readMovieFile(path: string): Promise<Movie> {
  await using file = await open(path, 'r');
  const { size: fileSize } = await file.stat();
  const head = Buffer.alloc(16);
  for (let at = 0; at + 8 <= fileSize; ) {
    await file.read(head, 0, 16, at);
    let size = head.readUInt32BE(0);
    if (size === 1) size = Number(head.readBigUInt64BE(8));
    if (size === 0) size = fileSize - at;
    if (size < 8) throw new Error('the MP4 file is broken');
    if (head.toString('latin1', 4, 8) === 'moov') {
      if (size > HEADER_BYTES_MAX) throw new Error('the movie header is too large');
      const moov = Buffer.alloc(size);
      await file.read(moov, 0, size, at);
      return readMovie(moov);
    }
    at += size;
  }
  throw new Error('the MP4 file has no movie header');
}
