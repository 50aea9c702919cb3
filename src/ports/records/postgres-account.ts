/**
 * PostgreSQL refuses to run as root. Where we are root, this finds a way to run it as somebody else: in a user
 * namespace, which changes the name and not the rights to files, or under an unprivileged account of the system.
 */
import { spawnSync } from 'node:child_process';
import { chmod, chown, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MatineeError } from '../../platform/errors.ts';

export type Account = {
  /** Put before the program and its arguments. */
  prefix: readonly string[];
  uid?: number;
  gid?: number;
};

const UNSHARE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
const ACCOUNTS = ['postgres', 'nobody'];

/** Throws invalid_config with what to do when there is no way. `folders` must be usable by the account. */
export async function postgresAccount(folders: readonly string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const [program = '', ...args] = UNSHARE;
  const probe = spawnSync(program, [...args, 'id', '-u'], { encoding: 'utf8', timeout: 5000 });
  if (probe.status === 0 && probe.stdout.trim() === '1000') return { prefix: UNSHARE };
  const account = await systemAccount();
  if (account && (await Promise.all(folders.map(canBeReached))).every(Boolean))
    return { prefix: [], ...account };
  throw new MatineeError(
    'invalid_config',
    'PostgreSQL does not run as root, and neither a user namespace (unshare) nor an account that can reach ' +
      `${folders.join(' and ')} is at hand. Start Matinee as another user, or set DATABASE_URL.`,
  );
}

/** Gives a folder and what is in it to the account. */
export async function giveFolder(folder: string, account: Account): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return;
  const entries = await readdir(folder, { recursive: true });
  for (const path of [folder, ...entries.map((name) => join(folder, name))]) {
    await chown(path, account.uid, account.gid);
  }
  await chmod(folder, 0o700);
}

async function systemAccount(): Promise<{ uid: number; gid: number } | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.split(':'));
  const found = ACCOUNTS.map((name) => lines.find((fields) => fields[0] === name)).find(Boolean);
  return found && { uid: Number(found[2]), gid: Number(found[3]) };
}

/** Whether everybody may pass through every folder above. */
async function canBeReached(folder: string): Promise<boolean> {
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    if (((await stat(parent)).mode & 0o001) === 0) return false;
    if (parent === dirname(parent)) return true;
  }
}
