/**
 * The `interruptions` port by files: an operator, or a script of whoever runs the machines, makes `run/drain` for all
 * workers of a data folder or `run/drain-<worker>` for one. The file holds the time as ISO 8601; an empty one means two
 * minutes after it was made. Removing it takes the notice back.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import { type Interruption, type Interruptions, NOTICE_MS } from './interruptions.ts';

export function createFileInterruptions(folder: string, worker: string): Interruptions {
  const paths = ['drain', `drain-${worker}`].map((name) => join(folder, 'run', name));
  return {
    async look() {
      const notices = await Promise.all(paths.map(noticeIn));
      return notices.filter((notice) => notice !== undefined).toSorted((a, b) => a.atMs - b.atMs)[0];
    },
  };
}

async function noticeIn(path: string): Promise<Interruption | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const atMs = Date.parse(text.trim());
    return { atMs: Number.isNaN(atMs) ? mtimeMs + NOTICE_MS : atMs };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
