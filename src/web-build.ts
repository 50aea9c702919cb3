/** Builds the pages with Vite when they are not there or their sources have changed since. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MatineeError } from './platform/errors.ts';
import { writeFileAtomic } from './platform/files.ts';
import type { Log } from './platform/log.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Everything that the pages are made of. */
const SOURCES = ['src/web', 'src/contracts', 'src/platform/errors.ts', 'package-lock.json'];

export async function ensureWebBuild(log: Log): Promise<void> {
  const stamp = join(root, 'dist', 'web.sources');
  const wanted = await sourcesHash();
  const built = await readFile(stamp, 'utf8').catch(() => '');
  if (built === wanted) return;
  log.info('building the pages, once');
  await runVite();
  await writeFileAtomic(stamp, wanted);
}

async function runVite(): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '-c', 'src/web/vite.config.ts', '--logLevel', 'warn'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0)
    throw new MatineeError('missing_program', 'the pages could not be built; the message above says why');
}

async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await filesOf(join(root, source)))
      hash.update(file.slice(root.length)).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
